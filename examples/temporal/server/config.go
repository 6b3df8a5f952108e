//go:build server

package main

import (
	"net"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
)

// configuration returns the configuration of a server with all four services in one process, its
// data in the file db, and the frontend on a loopback port. The other ports are any free ones.
func configuration(db string, port int) (*config.Config, error) {
	services := map[string]config.Service{}
	for _, name := range []string{"frontend", "history", "matching", "worker"} {
		ports, err := freePorts(2)
		if err != nil {
			return nil, err
		}
		if name == "frontend" {
			ports[0] = port
		}
		services[name] = config.Service{RPC: config.RPC{GRPCPort: ports[0], MembershipPort: ports[1], BindOnLocalHost: true}}
	}
	address := net.JoinHostPort("127.0.0.1", itoa(port))
	store := config.DataStore{SQL: &config.SQL{
		PluginName: sqlite.PluginName, DatabaseName: db,
		ConnectAttributes: map[string]string{"mode": "rwc", "_journal_mode": "wal", "_synchronous": "2"},
	}}
	disabled := config.Archival{}
	disabled.History.State, disabled.Visibility.State = "disabled", "disabled"
	domain := config.NamespaceDefaults{}
	domain.Archival.History.State, domain.Archival.Visibility.State = "disabled", "disabled"
	return &config.Config{
		Global: config.Global{Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: "127.0.0.1"}},
		Persistence: config.Persistence{
			DefaultStore: "file", VisibilityStore: "file", NumHistoryShards: 4, DataStores: map[string]config.DataStore{"file": store},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: "active", CurrentClusterName: "active",
			ClusterInformation: map[string]cluster.ClusterInformation{
				"active": {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival:            disabled,
		NamespaceDefaults:   domain,
		PublicClient:        config.PublicClient{HostPort: address},
	}, nil
}

// freePorts returns n free ports.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // returns immediately
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:errcheck // there is no connection
		addr, _ := l.Addr().(*net.TCPAddr)
		ports = append(ports, addr.Port)
	}
	return ports, nil
}
