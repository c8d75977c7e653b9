package validate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tcsns/internal/dev/tcx"
)

// Source is an App's definition as it lies in a project or a package.
type Source struct {
	Install   []byte
	Layout    []byte
	HasLayout bool
	Exists    func(name string) bool // whether the package holds a file; nil: not asked
	Strict    bool                   // a field that is not known is a problem
}

// Definition checks install.json and layout.json, alone and against each other.
func Definition(s Source) []Problem {
	f := &findings{file: tcx.InstallFile}
	var install tcx.Install
	readable := syntax(f, s.Install, &install)
	if readable {
		var known any
		if s.Strict {
			known = install
		}
		keys(f, s.Install, known)
		c := &installCheck{findings: f, install: &install, source: s}
		_ = json.Unmarshal(s.Install, &c.present) // an object: syntax has read it into a struct
		for _, rule := range installRules() {
			rule(c)
		}
	}
	problems := f.problems
	if s.HasLayout {
		problems = append(problems, checkLayout(s, &install, readable)...)
	}
	return problems
}

// installCheck is install.json under check.
type installCheck struct {
	*findings
	install *tcx.Install
	present map[string]json.RawMessage // the top-level fields that are written
	source  Source
}

func installRules() []func(*installCheck) {
	return []func(*installCheck){
		requiredFields, displayName, programVersion, minServerVersion, appID, programLanguage, languageVersion, programMain,
		features, layoutFeature, runtimeLevel, playbookBlock, outputs, retry, retryActions,
		paramNames, paramSequences, paramLabels, paramTypes, paramChoices, paramDefaults, paramValidValues, paramDataTypes, paramKeys,
	}
}

// requiredFields is the union of what TcEx's model and the platform's
// documentation require.
func requiredFields(c *installCheck) {
	for _, name := range []string{
		"allowOnDemand", "displayName", "features", "languageVersion", "listDelimiter", "params",
		"programLanguage", "programMain", "programVersion", "runtimeLevel",
	} {
		if value, ok := c.present[name]; !ok || slices.Contains([]string{"null", `""`}, string(value)) || name == "runtimeLevel" && len(c.install.RuntimeLevel) == 0 {
			c.add(name, "write it", "it is missing")
		}
	}
}

// displayName also names the package and its folder.
func displayName(c *installCheck) {
	name := c.install.DisplayName
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
	case n < 3 || n > 100:
		c.add("displayName", "use 3 to 100 characters", "it has %d characters", n)
	case strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return r == '/' || r == '\\' || unicode.IsControl(r) }):
		c.add("displayName", "leave out slashes, line breaks, and blanks at its ends", "%q cannot name the folder of the package", name)
	}
}

func programVersion(c *installCheck) {
	if v := c.install.Version; v != "" && !isVersion(v) {
		c.add("programVersion", "write it as MAJOR.MINOR.PATCH, such as 1.0.0", "%q is no version", v)
	}
}

// minServerVersion: TcEx raises anything below 7.2.0 to it, so less only
// misleads.
func minServerVersion(c *installCheck) {
	v := c.install.MinServer
	switch {
	case v == "":
	case !isVersion(v):
		c.add("minServerVersion", "write it as MAJOR.MINOR.PATCH, such as 7.2.0", "%q is no version", v)
	case versionBefore(v, "7.2.0"):
		c.add("minServerVersion", "write 7.2.0 or later", "%s is before 7.2.0, the first that this kind of App runs on", v)
	}
}

func appID(c *installCheck) {
	if id := c.install.AppID; id != "" && !isUUID(id) {
		c.add("appId", "write a random UUID once and never change it", "%q is no UUID of version 4 or 5", id)
	}
}

func programLanguage(c *installCheck) {
	known := []string{"PYTHON", "JAVA", "NONE", "NATIVE", "PLAYBOOK"}
	if l := c.install.Language; l != "" && !slices.Contains(known, strings.ToUpper(l)) {
		c.add("programLanguage", "write PYTHON, which starts run.py", "%q is none of %s", l, strings.Join(known, ", "))
	}
}

// languageVersion decides which Python the platform starts.
func languageVersion(c *installCheck) {
	v := c.install.LanguageVersion
	if v == "" || !strings.EqualFold(c.install.Language, "PYTHON") {
		return
	}
	parts := strings.Split(v, ".")
	if len(parts) < 2 || len(parts) > 3 || slices.ContainsFunc(parts, func(p string) bool { return !isNumber(p) }) {
		c.add("languageVersion", "write it as MAJOR.MINOR, such as 3.11", "%q is no version of Python", v)
	} else if c.source.Strict && versionBefore(v, "3.8") {
		c.add("languageVersion", "write 3.8 or later", "%s is before 3.8, which run.py needs", v)
	}
}

func programMain(c *installCheck) {
	name := c.install.Main
	if name == "" || c.source.Exists == nil || !strings.EqualFold(c.install.Language, "PYTHON") {
		return
	}
	if !c.source.Exists(name) && !c.source.Exists(name+".py") {
		c.add("programMain", "name the Python file at the top of the package", "%q is not in the package", name)
	}
}

// features of an App in Go: what it needs, and what would promise what it is
// not. Those that TcEx strips are none.
func features(c *installCheck) {
	seen := map[string]bool{}
	for _, name := range c.install.Features {
		if seen[name] {
			c.add("features", "remove one of the two", "%q is there twice", name)
		}
		seen[name] = true
		switch {
		case name == "appBuilderCompliant":
			c.add("features", "remove it", "appBuilderCompliant says that App Builder can open the source: it expects Python")
		case name == "aotExecutionEnabled":
			c.add("features", "remove it", "aotExecutionEnabled is no longer supported")
		case c.source.Strict && !slices.Contains(knownFeatures(), name):
			c.add("features", "correct its spelling or remove it", "no feature %q is known", name)
		}
	}
	if !c.source.Strict {
		return
	}
	for _, needed := range []struct{ name, why string }{
		{"fileParams", "the App gets its inputs in an encrypted file"},
		{"runtimeVariables", "Text and Keychain variables reach the App only with it"},
		{"redisPasswordSupport", "the App gets the key-value store's password only with it"},
	} {
		if !seen[needed.name] {
			c.add("features", "add it", "%s is missing: %s", needed.name, needed.why)
		}
	}
}

// knownFeatures is CONTRACT §8's list.
func knownFeatures() []string {
	return []string{
		"fileParams", "secureParams", "redisPasswordSupport", "runtimeVariables", "layoutEnabledApp", "advancedRequest", "CALSettings", "smtpSettings",
		"CreatesGroup", "CreatesIndicator", "CreatesSecurityLabel", "CreatesTag", "CreatesVictim",
		"DeletesGroup", "DeletesIndicator", "DeletesSecurityLabel", "DeletesTag", "DeletesVictim",
		"linkApiPath", "webhookResponseMarshall", "webhookServiceEndpoint", "webhookDeactivateResponse",
		"restrictAppBuilder", "embeddedExecutionEnabled",
	}
}

func layoutFeature(c *installCheck) {
	switch has := slices.Contains(c.install.Features, "layoutEnabledApp"); {
	case has && !c.source.HasLayout:
		c.add("features", "write a layout.json or remove the feature", "layoutEnabledApp is there, layout.json is not")
	case !has && c.source.HasLayout:
		c.add("features", "add layoutEnabledApp", "there is a layout.json, which the platform ignores without layoutEnabledApp")
	}
}

func runtimeLevel(c *installCheck) {
	known := []string{"Organization", "Playbook", "ApiService", "FeedApiService", "TriggerService", "WebhookTriggerService", "SpaceOrganization"}
	for _, level := range c.install.RuntimeLevel {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, level) }) {
			c.add("runtimeLevel", "write Playbook", "%q is none of %s", level, strings.Join(known, ", "))
			return
		}
	}
	if c.source.Strict && c.install.Playbook != nil && len(c.install.RuntimeLevel) > 0 && !isPlaybookApp(c.install) {
		c.add("runtimeLevel", "write Playbook", "there is a playbook block, which only a Playbook App has")
	}
}

// maxPlaybookType is in characters (the Java SDK's validator, CONTRACT §8).
const maxPlaybookType = 35

func isPlaybookApp(install *tcx.Install) bool {
	return slices.ContainsFunc(install.RuntimeLevel, func(level string) bool { return strings.EqualFold(level, "Playbook") })
}

func playbookBlock(c *installCheck) {
	if !isPlaybookApp(c.install) {
		return
	}
	if c.install.Playbook == nil {
		c.add("playbook", "write playbook.type and playbook.outputVariables", "a Playbook App needs it")
		return
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(c.install.Playbook.Type)); {
	case n == 0:
		c.add("playbook.type", "write the group that the designer lists the App in", "it is missing")
	case n > maxPlaybookType:
		c.add("playbook.type", fmt.Sprintf("use at most %d characters", maxPlaybookType), "it has %d characters", n)
	}
}

func outputs(c *installCheck) {
	seen := map[string]bool{}
	for i, o := range c.install.Outputs() {
		place := fmt.Sprintf("playbook.outputVariables[%d] %s", i, o.Name)
		switch {
		case o.Name == "":
			c.add(place, "name it", "it has no name")
		case !isVariableName(o.Name):
			c.add(place, "use letters, digits, and . _ - [ ]", "%q cannot be the name of a variable", o.Name)
		case seen[o.Name+"!"+o.Type]:
			c.add(place, "remove one of the two", "the same name and type is there twice")
		}
		seen[o.Name+"!"+o.Type] = true
		if c.source.Strict && strings.TrimSpace(o.Note) == "" {
			c.add(place, "write one sentence on what it holds", "it has no note")
		}
		if !slices.Contains(dataTypes(), o.Type) {
			c.add(place, "write one of "+strings.Join(dataTypes(), ", "), "%q is no type of a variable", o.Type)
		}
	}
}

func retry(c *installCheck) {
	if c.install.Playbook == nil || c.install.Playbook.Retry == nil {
		return
	}
	for _, field := range []struct {
		name  string
		value *int
	}{
		{"defaultDelayMinutes", c.install.Playbook.Retry.DefaultDelay},
		{"defaultMaxRetries", c.install.Playbook.Retry.DefaultMax},
	} {
		switch {
		case field.value == nil:
			c.add("playbook.retry", "write a number", "%s is missing", field.name)
		case *field.value < 0:
			c.add("playbook.retry", "write 0 or more", "%s is %d", field.name, *field.value)
		}
	}
}

// retryActions: retry.actions names values of tc_action.
func retryActions(c *installCheck) {
	action, ok := c.install.Param("tc_action")
	if c.install.Playbook == nil || c.install.Playbook.Retry == nil || !ok {
		return
	}
	for _, name := range c.install.Playbook.Retry.Actions {
		if !slices.Contains(action.ValidValues, name) {
			c.add("playbook.retry.actions", "name values of tc_action", "%q is no action", name)
		}
	}
}

// dataTypes are the standard types of variables; Any stands for all of them.
func dataTypes() []string {
	return []string{
		"String", "StringArray", "Binary", "BinaryArray", "KeyValue", "KeyValueArray",
		"TCEntity", "TCEntityArray", "TCEnhancedEntity", "TCEnhancedEntityArray", "TCBatch", "Any",
	}
}

// isVariableName holds a name against the grammar of variables.
func isVariableName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !isWord(r) && r != '.' && r != '-' && r != '[' && r != ']'
	})
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 31)
	return err == nil
}

// isVersion reports whether text is MAJOR.MINOR.PATCH.
func isVersion(text string) bool {
	parts := strings.Split(text, ".")
	return len(parts) == 3 && !slices.ContainsFunc(parts, func(p string) bool { return !isNumber(p) })
}

// versionBefore compares two versions number by number.
func versionBefore(a, b string) bool {
	return slices.Compare(numbers(a), numbers(b)) < 0
}

func numbers(version string) []int {
	var ns []int
	for _, part := range strings.Split(version, ".") {
		n, _ := strconv.Atoi(part) // isVersion has read it
		ns = append(ns, n)
	}
	return ns
}

// isUUID reports whether text is a UUID of version 4 or 5.
func isUUID(text string) bool {
	if len(text) != 36 || text[14] != '4' && text[14] != '5' {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}
