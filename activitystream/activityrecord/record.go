package activityrecord

import "encoding/json"

// Record is a decoded record: events of one database instance.
type Record struct {
	// Version is the version of the record's format, such as "1.1". RDS names 1.0 to 1.4; other
	// versions decode, too.
	Version string
	// ClusterId is the DbClusterResourceId of the Aurora cluster. It is empty for RDS for SQL
	// Server, and may be empty for other engines.
	ClusterId string
	// InstanceId is the DbiResourceId of the instance that the events come from.
	InstanceId string
	// Events are the events of the record in the order received, with its heartbeats. The list
	// can be empty.
	Events []Event
}

// Event is one event of a record. Its fields mirror the members of databaseActivityEventList in
// the Amazon Aurora User Guide and the Amazon RDS User Guide.
//
// A string field is empty if the member is null or absent, or if the engine does not report it.
// A number in a member that is a string field here is kept as its JSON text, so that no digit
// is lost. [Event.Raw] shows which.
type Event struct {
	// Type is "record" or "heartbeat". Oracle leaves it out, so it can be empty.
	Type string
	// Class is the class of activity. Aurora MySQL has MAIN and AUX. Examples of the others are READ,
	// WRITE and DDL (Aurora PostgreSQL), Standard and FineGrainedAudit (Oracle), and LOGIN and TABLE
	// (SQL Server).
	Class string
	// Command is the type of the statement or action, such as SELECT, QUERY or FAILED_CONNECT.
	Command string
	// CommandText is the SQL text, if the event has one. RDS redacts the passwords that it
	// recognizes.
	CommandText string
	// ClientApplication is the program that the client says it is. Aurora MySQL does not report it.
	ClientApplication string
	// DatabaseName is the database that the event concerns.
	DatabaseName string
	// DBId is the identifier of the database: dbid of Oracle.
	DBId string
	// DBProtocol is the protocol of the client, such as "Postgres 3.0", "MySQL", "oracle" or
	// "SQLSERVER".
	DBProtocol string
	// DBUserName is the database user that the client authenticated as.
	DBUserName string
	// StartTime, EndTime and LogTime are times as received. [Event.Times] parses them.
	// StartTime is reported by Aurora PostgreSQL and Aurora MySQL, and EndTime by Aurora MySQL.
	StartTime, EndTime, LogTime string
	// ErrorMessage is the error that the statement failed with. Aurora PostgreSQL reports it.
	ErrorMessage string
	// ExitCode is the result of the statement as text. Its meaning depends on the engine. See
	// [Event.Outcome].
	ExitCode string
	// NetProtocol is the network protocol, such as TCP.
	NetProtocol string
	// ObjectName and ObjectType are the object that the statement acts on. For Oracle,
	// ObjectType is the schema.
	ObjectName, ObjectType string
	// ParamList holds the parameters of the statement in their order. It is nil if the member
	// is null or absent, and empty if the list is. A null parameter is an empty string.
	ParamList []string
	// Pid is the process of the database backend. It is nil if it is null or absent, or if it
	// is not an int64.
	Pid *int64
	// RemoteHost and RemotePort are where the client connects from.
	RemoteHost, RemotePort string
	// RowCount is how many rows the statement returned or changed. It is nil if it is null or
	// absent, or if it is not an int64.
	RowCount *int64
	// ServerHost is the address of the database server; for Aurora MySQL, the name of the instance.
	ServerHost string
	// ServerType is the engine: "PostgreSQL", "MySQL", "oracle" or "SQLSERVER".
	ServerType string
	// ServerVersion is the engine version.
	ServerVersion string
	// ServiceName is the name of the service, such as "Amazon Aurora PostgreSQL-Compatible
	// edition".
	ServiceName string
	// SessionId identifies the session. Its form depends on the engine.
	SessionId string
	// StatementId identifies the statement in its session or instance. It is a number as text
	// for most engines, and hexadecimal digits after "0x" for SQL Server. Numbers restart with
	// the database.
	StatementId string
	// SubstatementId counts the events of one statement. It is nil if it is null or absent, or
	// if it is not an int64.
	SubstatementId *int64
	// TransactionId identifies the transaction.
	TransactionId string
	// EngineNativeAuditFields is the JSON object of the engine's own audit fields: columns of
	// UNIFIED_AUDIT_TRAIL for Oracle, fields of the SQL Server audit for SQL Server. It is nil
	// if it is absent and null if it is null.
	EngineNativeAuditFields json.RawMessage

	// Raw is the event's JSON as received, with the members that this package does not know. Do not
	// write to it: the strings of the record's events are in the same memory. To keep one event for
	// long, and not the JSON of its record, copy it with strings.Clone and bytes.Clone.
	Raw json.RawMessage
}

// Heartbeat reports whether the event is a heartbeat. A heartbeat shows that the stream
// records, not that the database was used. It carries no other field and no time: the time to
// use is the record's arrival time in Kinesis.
func (e *Event) Heartbeat() bool { return e.Type == "heartbeat" }
