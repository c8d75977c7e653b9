package tc_test

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/alicebob/miniredis/v2"

	"tcsns/internal/tc"
	"tcsns/internal/tc/playbook"
)

// reverse is a whole Playbook App: it reads the input text, literal or with
// variables, and sets the output reversed.text.
func reverse(ctx context.Context, r *tc.Run) error {
	values, err := r.Playbook.Resolve(ctx, playbook.Input{Param: "text", Raw: r.Params.Raw("text")})
	if err != nil {
		return err
	}
	text, err := values["text"].Text()
	if err != nil {
		return err
	}
	characters := []rune(text)
	slices.Reverse(characters)
	r.Playbook.SetString("reversed.text", string(characters))
	r.Message = fmt.Sprintf("reversed %d characters", len(characters))
	return nil
}

// A Playbook App that reverses a string; README.md has its main function.
//
// The example starts it as the platform does: variables in a key-value store,
// parameters in an encrypted file.
func Example() {
	store, err := miniredis.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	dir, err := os.MkdirTemp("", "reverse")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	p := openPlatform(dir, store)
	p.stage("#Trigger:1:trg.tc.item!String", `"203.0.113.7"`)

	result, err := p.start(context.Background(), tc.App{Name: "Reverse", Version: "1.0.0", Run: reverse}, map[string]any{
		"text":                      "<#Trigger:1:trg.tc.item!String>",
		"tc_playbook_out_variables": "#App:42:reversed.text!String",
	})
	fmt.Println("error:", err)
	fmt.Println("exit code:", result.code)
	fmt.Print("message.tc: ", result.message)
	fmt.Println("reversed.text:", p.output("#App:42:reversed.text!String"))
	// Output:
	// error: <nil>
	// exit code: 0
	// message.tc: reversed 13 characters
	// reversed.text: ">7.311.0.302<"
}
