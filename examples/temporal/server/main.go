//go:build server

package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"strconv"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	serverlog "go.temporal.io/server/common/log"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

func main() {
	db := flag.String("db", "temporal.db", "file with the server's data; created if it does not exist")
	port := flag.Int("port", 7233, "port to listen on, on the loopback interface")
	flag.Parse()
	if err := serve(*db, *port); err != nil {
		log.Fatal(err)
	}
}

// serve runs the server until it is interrupted.
func serve(db string, port int) error {
	cfg, err := configuration(db, port)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if err := prepare(db, cfg); err != nil {
		return fmt.Errorf("database %s: %w", db, err)
	}
	authorizer, err := authorization.GetAuthorizerFromConfig(&cfg.Global.Authorization)
	if err != nil {
		return fmt.Errorf("authorizer: %w", err)
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithLogger(serverlog.NewNoopLogger()),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.InterruptOn(temporal.InterruptCh()),
	)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	fmt.Printf("listening on 127.0.0.1:%d\n", port)
	if err := server.Start(); err != nil { // returns after an interrupt
		return fmt.Errorf("server: %w", err)
	}
	return nil
}

// prepare creates the database, if it does not exist, and the namespace.
func prepare(db string, cfg *config.Config) error {
	store := cfg.Persistence.DataStores["file"].SQL
	if _, err := os.Stat(db); errors.Is(err, fs.ErrNotExist) {
		if err := sqlite.SetupSchema(store); err != nil {
			return fmt.Errorf("schema: %w", err)
		}
	}
	namespace, err := sqlite.NewNamespaceConfig(cfg.ClusterMetadata.CurrentClusterName, "default", false, nil)
	if err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	return sqlite.CreateNamespaces(store, namespace)
}

// itoa returns n as text.
func itoa(n int) string { return strconv.Itoa(n) }
