package activityrecord

// Problem is why a record could not be decoded. It is an error: errors.Is(err,
// activityrecord.Damaged) reports whether err is a [*DecodeError] with that Problem.
type Problem string

const (
	// NotARecord means that the data is not the envelope of an activity record.
	NotARecord Problem = "not a record"
	// KeyRefused means that [Keys] returned an error or a key of the wrong length, or that its
	// key does not open the record. The usual cause is the resource ID of another stream.
	KeyRefused Problem = "key refused"
	// Damaged means that the record was changed or cut off after RDS sealed it, or that it does
	// not hold gzip data.
	Damaged Problem = "damaged"
	// Unsupported means that the record uses a message format, an algorithm suite or a key
	// provider that this package does not know.
	Unsupported Problem = "unsupported"
	// TooLarge means that the record exceeds a limit of [Options].
	TooLarge Problem = "too large"
	// Malformed means that the record is authentic, but its JSON is not that of a list of events.
	Malformed Problem = "malformed"
)

// Error returns the problem as text.
func (p Problem) Error() string { return "activityrecord: " + string(p) }

// DecodeError is the error of [Decoder.Decode]. Neither its text nor anything that it wraps
// contains plaintext, keys or ciphertext, unless the error of [Keys] does.
type DecodeError struct {
	Problem Problem // what kind of problem it is, and so what to do
	Err     error   // what exactly happened; the error of Keys if that failed
}

// Error returns the problem and its cause on one line. Do not depend on the text being stable.
func (e *DecodeError) Error() string {
	return e.Problem.Error() + ": " + e.Err.Error()
}

// Unwrap returns the Problem and the cause.
func (e *DecodeError) Unwrap() []error { return []error{e.Problem, e.Err} }
