package statemachine

import "runtime"

// abort is how a function of the caller, such as OnProgress, ended a goroutine of the library: by a
// panic or by runtime.Goexit. It is repeated in the caller's goroutine, where a deferred function
// can recover it.
type abort struct {
	value any  // of the panic
	exit  bool // runtime.Goexit
}

// guard calls f, and sets *to if f panics or ends the goroutine.
func guard(to **abort, f func()) {
	*to = &abort{exit: true}
	defer func() {
		if value := recover(); value != nil {
			*to = &abort{value: value}
		}
	}()
	f()
	*to = nil
}

// repeat ends the goroutine as the function of the caller did, by a panic or by runtime.Goexit. It
// does nothing if a is nil.
func (a *abort) repeat() {
	switch {
	case a == nil:
	case a.exit:
		runtime.Goexit()
	default:
		panic(a.value) //nolint:forbidigo // the panic of the caller's function
	}
}
