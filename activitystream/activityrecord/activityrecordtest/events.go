package activityrecordtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// Heartbeat returns a heartbeat.
func Heartbeat() activityrecord.Event { return activityrecord.Event{Type: "heartbeat"} }

// PostgreSQL returns an event of Aurora PostgreSQL: a SELECT that succeeded.
func PostgreSQL() activityrecord.Event {
	return activityrecord.Event{
		Type: "record", Class: "READ", Command: "SELECT", CommandText: "select * from orders where id = $1",
		ClientApplication: "psql", DatabaseName: "shop", DBProtocol: "Postgres 3.0", DBUserName: "app",
		StartTime: "2026-11-27 10:11:12.100001+00", LogTime: "2026-11-27 10:11:12.123456+00",
		NetProtocol: "TCP", ObjectName: "public.orders", ObjectType: "TABLE", ParamList: []string{"17"},
		Pid: new(int64(4711)), RemoteHost: "10.0.0.7", RemotePort: "50123", RowCount: new(int64(1)),
		ServerHost: "10.0.0.9", ServerType: "PostgreSQL", ServerVersion: "15.4",
		ServiceName: "Amazon Aurora PostgreSQL-Compatible edition",
		SessionId:   "5ce5f7f0.474b", StatementId: "1", SubstatementId: new(int64(1)),
	}
}

// MySQL returns an event of Aurora MySQL: a query that succeeded, class MAIN.
func MySQL() activityrecord.Event {
	return activityrecord.Event{
		Type: "record", Class: "MAIN", Command: "QUERY", CommandText: "UPDATE orders SET paid = 1",
		DatabaseName: "shop", DBProtocol: "MySQL", DBUserName: "app",
		StartTime: "2026-11-27 10:11:12.999999+00", EndTime: "2026-11-27 10:11:13.000001+00", LogTime: "2026-11-27 10:11:13.000002+00",
		ExitCode: "0", NetProtocol: "TCP",
		Pid: new(int64(2830)), RemoteHost: "10.0.0.7", RemotePort: "50124", RowCount: new(int64(1)),
		ServerHost: "shop-instance-1", ServerType: "MySQL", ServerVersion: "8.0.mysql_aurora.3.05.2", ServiceName: "Amazon Aurora MySQL",
		SessionId: "3725", StatementId: "65", SubstatementId: new(int64(1)), TransactionId: "0",
	}
}

// Oracle returns an event of RDS for Oracle: a SELECT that succeeded. Oracle's events have no type.
func Oracle() activityrecord.Event {
	return activityrecord.Event{
		Class: "Standard", Command: "SELECT", CommandText: "select 1 from dual", ClientApplication: "sqlplus",
		DatabaseName: "ORCL", DBId: "1543208457", DBProtocol: "oracle", DBUserName: "ADMIN",
		LogTime: "2026-11-27 06:56:14.981404", ExitCode: "0", NetProtocol: "beq", ObjectName: "DUAL", ObjectType: "SYS",
		ParamList: []string{}, Pid: new(int64(17904)), RemoteHost: "10.0.0.7", RemotePort: "50125",
		ServerHost: "10.0.0.9", ServerType: "oracle", ServerVersion: "19.0.0.0.ru-2024-01.rur-2024-01.r1.EE.3", ServiceName: "oracle-ee",
		SessionId: "987654321", StatementId: "3", TransactionId: "0000000000000000",
		EngineNativeAuditFields: json.RawMessage(`{"UNIFIED_AUDIT_POLICIES":"TEST_POL","SCN":1}`),
	}
}

// SQLServer returns an event of RDS for SQL Server: a login that succeeded, which is exit code 1.
func SQLServer() activityrecord.Event {
	return activityrecord.Event{
		Type: "record", Class: "LOGIN", Command: "LOGIN SUCCEEDED", CommandText: "-- network protocol: TCP/IP",
		ClientApplication: "sqlcmd", DatabaseName: "", DBProtocol: "SQLSERVER", DBUserName: "app",
		LogTime: "2026-11-27 10:11:12.1234567+00", ExitCode: "1",
		RemoteHost: "10.0.0.7", RowCount: new(int64(0)),
		ServerHost: "10.0.0.9", ServerType: "SQLSERVER", ServerVersion: "15.00.4073.23.v1.R1", ServiceName: "sqlserver-ee",
		SessionId: "84", StatementId: "0x38eaf4156267184094bb82071aaab644", SubstatementId: new(int64(1)), TransactionId: "0",
		EngineNativeAuditFields: json.RawMessage(`{"server_principal_name":"app","is_column_permission":false}`),
	}
}

// engineOf returns the engine that writes e, in lower case.
func engineOf(e *activityrecord.Event) string { return strings.ToLower(e.ServerType) }

// versions are the versions of the engines that do not write "1.1".
var versions = map[string]string{"mysql": "1.2", "oracle": "1.3", "sqlserver": "1.4"}

// numeric are the text fields that an engine writes as numbers.
var numeric = map[string][]string{
	"postgresql": {"statementId"},
	"mysql":      {"statementId"},
	"oracle":     {"exitCode", "sessionId", "statementId"},
	"sqlserver":  {"exitCode", "sessionId"},
}

// marshal returns the JSON of an event: Raw if it is set, or else that of the fields.
func marshal(e *activityrecord.Event) json.RawMessage {
	if e.Raw != nil {
		return e.Raw
	}
	if e.Heartbeat() {
		return json.RawMessage(`{"type":"heartbeat"}`)
	}
	var members []string
	for _, m := range []struct {
		name  string
		value any
	}{
		{"class", e.Class},
		{"clientApplication", e.ClientApplication},
		{"command", e.Command},
		{"commandText", e.CommandText},
		{"databaseName", e.DatabaseName},
		{"dbid", e.DBId},
		{"dbProtocol", e.DBProtocol},
		{"dbUserName", e.DBUserName},
		{"endTime", e.EndTime},
		{"errorMessage", e.ErrorMessage},
		{"exitCode", e.ExitCode},
		{"logTime", e.LogTime},
		{"netProtocol", e.NetProtocol},
		{"objectName", e.ObjectName},
		{"objectType", e.ObjectType},
		{"paramList", e.ParamList},
		{"pid", e.Pid},
		{"remoteHost", e.RemoteHost},
		{"remotePort", e.RemotePort},
		{"rowCount", e.RowCount},
		{"serverHost", e.ServerHost},
		{"serverType", e.ServerType},
		{"serverVersion", e.ServerVersion},
		{"serviceName", e.ServiceName},
		{"sessionId", e.SessionId},
		{"startTime", e.StartTime},
		{"statementId", e.StatementId},
		{"substatementId", e.SubstatementId},
		{"transactionId", e.TransactionId},
		{"type", e.Type},
	} {
		value := encode(m.value)
		if text, ok := m.value.(string); ok {
			_, err := strconv.ParseInt(text, 10, 64)
			switch {
			case text == "" && (m.name == "dbid" || m.name == "type"): // some engines leave them out
				continue
			case text == "":
				value = "null"
			case err == nil && slices.Contains(numeric[engineOf(e)], m.name):
				value = text
			}
		}
		members = append(members, encode(m.name)+":"+value)
	}
	if e.EngineNativeAuditFields != nil {
		members = append(members, `"engineNativeAuditFields":`+string(e.EngineNativeAuditFields))
	}
	return json.RawMessage("{" + strings.Join(members, ",") + "}")
}

// encode returns the JSON of a string, an integer or a list of strings.
func encode(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) //nolint:errchkjson // these types can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
