package validate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestLength(t *testing.T) {
	for _, test := range []struct {
		why         string
		s           string
		least, most int
		want        string
	}{
		{"within", "abc", 1, 3, ""},
		{"empty, and may be", "", 0, 3, ""},
		{"empty", "", 1, 3, "is required"},
		{"too short", "ab", 3, 255, "must have 3 to 255 characters, got 2"},
		{"too long", "abcd", 1, 3, "must have 1 to 3 characters, got 4"},
		{"characters, not bytes", "äöü", 1, 3, ""},
		{"beyond the basic plane", "🎏🎏🎏", 1, 3, ""},
	} {
		if got := validate.Length(test.s, test.least, test.most); got != test.want {
			t.Errorf("%s: %q, want %q", test.why, got, test.want)
		}
	}
}

func TestCharset(t *testing.T) {
	for _, test := range []struct{ why, s, want string }{
		{"all are", "aZ09", ""},
		{"none", "", ""},
		{"another", "a_b", `must contain only letters, got '_'`},
		{"a letter of another script", "aß", `must contain only letters, got 'ß'`},
		{"a digit of another script", "١", `must contain only letters, got '١'`},
		{"a newline at the end", "ab\n", `must contain only letters, got '\n'`},
	} {
		if got := validate.Charset(test.s, "letters", validate.Alphanumeric); got != test.want {
			t.Errorf("%s: %q, want %q", test.why, got, test.want)
		}
	}
	if got := validate.Charset("a\xff", "anything", func(rune) bool { return true }); got == "" {
		t.Error("what is no UTF-8 was accepted")
	}
}

func TestAlphanumeric(t *testing.T) {
	const all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for r := range rune(0x250) {
		if got := validate.Alphanumeric(r); got != strings.ContainsRune(all, r) {
			t.Errorf("%q: %t", r, got)
		}
	}
}

func TestOneOf(t *testing.T) {
	type mode string
	values := []mode{"sync", "async"}
	if got, want := validate.OneOf("d", []mode{"a", "b", "c"}), `must be "a", "b" or "c", got "d"`; got != want {
		t.Errorf("three values: %q, want %q", got, want)
	}
	for s, want := range map[mode]string{
		"sync": "", "async": "",
		"":       `is required: use "sync" or "async"`,
		"Sync":   `must be "sync" or "async", got "Sync"`,
		"sync\t": `must be "sync" or "async", got "sync\t"`,
		"a\nb":   `must be "sync" or "async", got "a\nb"`,
	} {
		if got := validate.OneOf(s, values); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestARN(t *testing.T) {
	for _, test := range []struct{ why, s, region, says string }{
		{"whole", "arn:aws:rds:us-east-1:123456789012:cluster:c", "", ""},
		{"in the Region", "arn:aws:rds:us-east-1:123456789012:cluster:c", "us-east-1", ""},
		{"another partition", "arn:aws-iso:rds:us-iso-east-1:1:db:d", "", ""},
		{"a resource with colons", "arn:aws:rds:us-east-1:1:a:b:c:d", "", ""},
		{"an account with every digit", "arn:aws:rds:us-east-1:0123456789:db:d", "", ""},
		{"an account that begins with each digit", "arn:aws:rds:us-east-1:9876543210:db:d", "", ""},
		{"the first and the last character that can be printed", "arn:aws:rds:us-east-1:1:db:!~", "", ""},
		{"the character after it", "arn:aws:rds:us-east-1:1:db:\x7f", "", "must contain only printable ASCII characters"},
		{"the character before: a space", "arn:aws:rds:us-east-1:1:db:d e", "", "must contain only printable ASCII characters"},
		{"empty", "", "", "is required"},
		{"no ARN", "cluster-1", "", "must be an ARN"},
		{"six parts are needed", "arn:aws:rds:us-east-1:1", "", "must be an ARN"},
		{"no partition", "arn::rds:us-east-1:1:db:d", "", "must be an ARN with a partition"},
		{"another service", "arn:aws:ec2:us-east-1:1:instance/i", "", `must be an ARN of rds, got one of "ec2"`},
		{"no service", "arn:aws::us-east-1:1:db:d", "", `must be an ARN of rds, got one of ""`},
		{"no Region", "arn:aws:rds::1:db:d", "", "must be an ARN with a Region"},
		{"no account", "arn:aws:rds:us-east-1::db:d", "", "must be an ARN with an account number"},
		{"an account that is no number", "arn:aws:rds:us-east-1:1x:db:d", "", "must be an ARN with an account number"},
		{"an account with the character before the digits", "arn:aws:rds:us-east-1:1/:db:d", "", "must be an ARN with an account number"},
		{"no resource", "arn:aws:rds:us-east-1:1:", "", "must be an ARN with a resource"},
		{"another Region", "arn:aws:rds:us-east-1:1:db:d", "us-east-2", "must be in the client's Region us-east-2, got an ARN in us-east-1"},
		{"a newline at the end", "arn:aws:rds:us-east-1:1:db:d\n", "", "must contain only printable ASCII characters"},
		{"a tab", "arn:aws:rds:us-east-1:1:db:d\te", "", "must contain only printable ASCII characters"},
		{"not ASCII", "arn:aws:rds:us-east-1:1:db:ü", "", "must contain only printable ASCII characters"},
	} {
		a, got := validate.ARN(test.s, "rds", test.region)
		if test.says == "" && (got != "" || a.String() != test.s) {
			t.Errorf("%s: %q, %+v", test.why, got, a)
		}
		if test.says != "" && !strings.HasPrefix(got, test.says) {
			t.Errorf("%s: %q, want %q", test.why, got, test.says)
		}
		if strings.ContainsAny(got, "\n\t") {
			t.Errorf("%s: not one line: %q", test.why, got)
		}
	}
}

func input(op statemachine.Operation, fields ...string) error {
	e := &statemachine.InputError{Operation: op}
	for _, f := range fields {
		e.Add(f, "is wrong")
	}
	return e
}

func TestJoinInputErrorsKeepsAllFields(t *testing.T) {
	other := errors.New("other")
	for _, test := range []struct {
		why  string
		errs []error
		want error
	}{
		{"nothing", nil, nil},
		{"nothing is wrong", []error{nil, nil}, nil},
		{"one", []error{nil, input("Start", "A")}, input("Start", "A")},
		{"all fields, in order", []error{input("", "B"), input("Start", "A"), input("Stop", "C", "D")}, input("Start", "B", "A", "C", "D")},
	} {
		if diff := cmp.Diff(test.want, validate.JoinInputErrors(test.errs...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
	}
	if got := validate.JoinInputErrors(input("Start", "A"), other); !errors.Is(got, other) {
		t.Errorf("what is no InputError became %v", got)
	}
	first := input("Start", "A")
	if joined := validate.JoinInputErrors(first, input("", "B")); joined == first || len(first.(*statemachine.InputError).Fields) != 1 { //nolint:errorlint // its own type
		t.Error("an error that was given has changed")
	}
}

func TestFieldErrorAndNilInput(t *testing.T) {
	if err := validate.FieldError("Name", ""); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(input("", "Name"), validate.FieldError("Name", "is wrong")); diff != "" {
		t.Error(diff)
	}
	err := validate.NilInput("Start")
	if !errors.Is(err, statemachine.InvalidInput) || err.Error() != "Start: invalid input: input must not be nil" {
		t.Error(err)
	}
}

func TestWaitArgsReportsAllFields(t *testing.T) {
	m := statemachine.MustNew(statemachine.Definition[string]{
		Name: "lamp", Transitions: []statemachine.Transition[string]{{From: "off", To: "on", By: "Switch"}},
	})
	if err := validate.WaitArgs(m, "on", time.Second, &statemachine.WaitOptions{}, nil); err != nil {
		t.Error(err)
	}
	err := validate.WaitArgs(m, "red", 0, &statemachine.WaitOptions{MinDelay: -1}, input("Switch", "Name"))
	e, ok := errors.AsType[*statemachine.InputError](err)
	if !ok {
		t.Fatal(err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Field)
	}
	if diff := cmp.Diff([]string{"Name", "target", "maxWait", "MinDelay"}, got); diff != "" || e.Operation != "Switch" {
		t.Errorf("%s: %s", e.Operation, diff)
	}
}
