package activitystream

// Drift is what EnsureStarted finds wrong with a started stream: nil, a DriftError with the settings that differ from those
// asked for, or a Fault of Kind Unsupported where the engine can never have them. It is for an EnsureTrack of package
// statemachine: an ensure that is stored between its steps.
func (in *StartInput) Drift(s *Stream) error {
	if err := checkMode(in, s); err != nil { // it would be drift for ever
		return err
	}
	return drift(in, s)
}

// Stuck tells why the database accepts no command until somebody makes it available: it is stopped, being deleted or
// broken. Nil: it is not. It is for an EnsureTrack, too.
func (s *Stream) Stuck() error { return stuck(s) }
