package provider

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// core plays the part of Terraform's core: it plans and applies one resource with the protocol of
// providers. The acceptance tests use the real one.
type core struct {
	t      *testing.T
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
	typ    string // of the resource

	state   tftypes.Value
	private []byte
}

// attrs is a configuration: attributes by name. A missing one is null.
type attrs map[string]any

// newCore returns a core with a provider of the world, for one resource of a type.
func newCore(t *testing.T, w *world, typ string) *core {
	t.Helper()
	p := &streamwarden{version: "test", hooks: hooks{
		httpClient: w,
		wait:       func(o *statemachine.WaitOptions) { o.Jitter = func(d time.Duration) time.Duration { return d } },
	}}
	c := &core{t: t, server: providerserver.NewProtocol6(p)(), typ: typ}
	var err error
	if c.schema, err = c.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	c.noErrors(c.schema.Diagnostics)
	provider := c.schema.Provider.ValueType()
	resp, err := c.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: c.dynamic(provider, object(provider, attrs{"region": "us-east-1", "access_key": "test", "secret_key": "secret"}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.noErrors(resp.Diagnostics)
	c.state = tftypes.NewValue(c.valueType(), nil)
	return c
}

// valueType returns the type of the resource.
func (c *core) valueType() tftypes.Object {
	typ, ok := c.schema.ResourceSchemas[c.typ].ValueType().(tftypes.Object)
	if !ok {
		c.t.Fatalf("%s is no object", c.typ)
	}
	return typ
}

// object returns a value of an object type. other has the attributes that are missing, or is nil.
func object(typ tftypes.Type, attributes attrs, other map[string]tftypes.Value) tftypes.Value {
	values := map[string]tftypes.Value{}
	types, _ := typ.(tftypes.Object)
	for name, t := range types.AttributeTypes {
		values[name] = tftypes.NewValue(t, nil)
		if v, ok := other[name]; ok {
			values[name] = v
		}
		switch v := attributes[name].(type) {
		case nil:
		case map[string]string:
			elements := map[string]tftypes.Value{}
			for key, value := range v {
				elements[key] = tftypes.NewValue(tftypes.String, value)
			}
			values[name] = tftypes.NewValue(t, elements)
		case attrs:
			values[name] = object(t, v, nil)
		default:
			values[name] = tftypes.NewValue(t, v)
		}
	}
	return tftypes.NewValue(typ, values)
}

func (c *core) dynamic(typ tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	c.t.Helper()
	d, err := tfprotov6.NewDynamicValue(typ, v)
	if err != nil {
		c.t.Fatal(err)
	}
	return &d
}

func (c *core) value(d *tfprotov6.DynamicValue) tftypes.Value {
	c.t.Helper()
	if d == nil {
		return tftypes.NewValue(c.valueType(), nil)
	}
	v, err := d.Unmarshal(c.valueType())
	if err != nil {
		c.t.Fatal(err)
	}
	return v
}

func (c *core) noErrors(diags []*tfprotov6.Diagnostic) {
	c.t.Helper()
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			c.t.Fatalf("%s: %s", d.Summary, d.Detail)
		}
	}
}

// attributes returns the attributes of a value, or nil for null.
func attributes(v tftypes.Value) map[string]tftypes.Value {
	m := map[string]tftypes.Value{}
	if v.IsNull() || !v.IsKnown() || v.As(&m) != nil {
		return nil
	}
	return m
}

// get returns an attribute of the state as a string: "" for null, "?" for unknown.
func get(v tftypes.Value, name string) string {
	a, ok := attributes(v)[name]
	switch {
	case !ok || a.IsNull():
		return ""
	case !a.IsKnown():
		return "?"
	}
	var s string
	if a.As(&s) == nil {
		return s
	}
	var b bool
	if a.As(&b) == nil && b {
		return "true"
	}
	return "false"
}

// outcome is what came of a plan or an apply.
type outcome struct {
	c        *core
	planned  tftypes.Value
	private  []byte
	prior    tftypes.Value
	config   tftypes.Value
	replace  bool
	warnings []string
	errors   []string // each with its attribute: "mode: Changing mode restarts …"
	details  string
}

func (o *outcome) diagnose(diags []*tfprotov6.Diagnostic) {
	for _, d := range diags {
		at := ""
		if d.Attribute != nil {
			at = d.Attribute.String()
			at = strings.TrimSuffix(strings.TrimPrefix(at, `AttributeName("`), `")`) + ": "
		}
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			o.errors = append(o.errors, at+d.Summary)
		} else {
			o.warnings = append(o.warnings, at+d.Summary)
		}
		o.details += d.Detail + "\n"
	}
}

// empty reports whether a plan changes nothing.
func (o *outcome) empty() bool { return len(o.errors) == 0 && o.planned.Equal(o.prior) }

// changed lists the attributes that a plan changes.
func (o *outcome) changed() []string {
	var list []string
	was, is := attributes(o.prior), attributes(o.planned)
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if v, ok := was[name]; !ok || !v.Equal(is[name]) {
			list = append(list, name)
		}
	}
	return list
}

// plan reads the resource and plans a configuration. A nil configuration destroys the resource.
func (c *core) plan(cfg attrs) *outcome {
	c.t.Helper()
	c.refresh()
	typ := c.valueType()
	o := &outcome{c: c, prior: c.state}
	o.config = tftypes.NewValue(typ, nil)
	proposed := o.config
	if cfg != nil {
		o.config = object(typ, cfg, nil)
		computed := map[string]tftypes.Value{}
		for _, a := range c.schema.ResourceSchemas[c.typ].Block.Attributes {
			if v, ok := attributes(c.state)[a.Name]; ok && a.Computed {
				computed[a.Name] = v
			} else if a.Computed && !ok {
				computed[a.Name] = tftypes.NewValue(a.Type, tftypes.UnknownValue)
			}
		}
		proposed = object(typ, cfg, computed)
	}
	resp, err := c.server.PlanResourceChange(c.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: c.typ, PriorState: c.dynamic(typ, c.state), ProposedNewState: c.dynamic(typ, proposed),
		Config: c.dynamic(typ, o.config), PriorPrivate: c.private,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	o.diagnose(resp.Diagnostics)
	o.planned, o.private, o.replace = c.value(resp.PlannedState), resp.PlannedPrivate, len(resp.RequiresReplace) > 0
	if cfg != nil && len(o.errors) == 0 {
		o.check()
	}
	return o
}

// check reports what the real core would reject: a planned value that is neither that of the
// configuration nor that of the state.
func (o *outcome) check() {
	o.c.t.Helper()
	was, is, cfg := attributes(o.prior), attributes(o.planned), attributes(o.config)
	for name, v := range cfg {
		if prior, ok := was[name]; !v.IsNull() && v.IsKnown() && !is[name].Equal(v) && !(ok && is[name].Equal(prior)) {
			o.c.t.Errorf("planned %s is %s, neither that of the configuration nor that of the state", name, is[name])
		}
	}
}

// apply applies a plan.
func (o *outcome) apply(ctx context.Context) *outcome {
	c, typ := o.c, o.c.valueType()
	c.t.Helper()
	resp, err := c.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: c.typ, PriorState: c.dynamic(typ, o.prior), PlannedState: c.dynamic(typ, o.planned),
		Config: c.dynamic(typ, o.config), PlannedPrivate: o.private,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	applied := &outcome{c: c, prior: o.prior}
	applied.diagnose(resp.Diagnostics)
	c.state, c.private = c.value(resp.NewState), resp.Private
	for name, planned := range attributes(o.planned) { // what the real core checks
		if is, ok := attributes(c.state)[name]; len(applied.errors) == 0 && ok && planned.IsFullyKnown() && !planned.Equal(is) {
			c.t.Errorf("inconsistent result: %s is %s, planned %s", name, is, planned)
		}
		if is, ok := attributes(c.state)[name]; ok && len(applied.errors) == 0 && !is.IsFullyKnown() {
			c.t.Errorf("inconsistent result: %s is unknown", name)
		}
	}
	return applied
}

// refresh reads the resource.
func (c *core) refresh() {
	c.t.Helper()
	if c.state.IsNull() {
		return
	}
	resp, err := c.server.ReadResource(c.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: c.typ, CurrentState: c.dynamic(c.valueType(), c.state), Private: c.private,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.noErrors(resp.Diagnostics)
	c.state, c.private = c.value(resp.NewState), resp.Private
}

// importState imports the resource by an ID.
func (c *core) importState(id string) *outcome {
	c.t.Helper()
	resp, err := c.server.ImportResourceState(c.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: c.typ, ID: id})
	if err != nil {
		c.t.Fatal(err)
	}
	o := &outcome{c: c}
	o.diagnose(resp.Diagnostics)
	if len(o.errors) == 0 {
		c.state, c.private = c.value(resp.ImportedResources[0].State), resp.ImportedResources[0].Private
	}
	return o
}

// mustApply plans and applies a configuration, and ends the test if that fails.
func (c *core) mustApply(cfg attrs) *outcome {
	c.t.Helper()
	plan := c.plan(cfg)
	if len(plan.errors) > 0 {
		c.t.Fatalf("plan: %q\n%s", plan.errors, plan.details)
	}
	applied := plan.apply(c.t.Context())
	if len(applied.errors) > 0 {
		c.t.Fatalf("apply: %q\n%s", applied.errors, applied.details)
	}
	return applied
}

// wantEmpty reports a failure unless the plan of a configuration is empty.
func (c *core) wantEmpty(cfg attrs) {
	c.t.Helper()
	if plan := c.plan(cfg); !plan.empty() {
		c.t.Errorf("the plan is not empty: it changes %q, errors %q\nprior   %s\nplanned %s", plan.changed(), plan.errors, plan.prior, plan.planned)
	}
}
