// What BuildKit's own parser makes of Dockerfiles: a line of JSON out for each file that is named.
//
// A file counts as read only when both halves take it: the parser, which finds instructions, and the one that makes
// each of them a command, triggers of ONBUILD included.
package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type instruction struct {
	Keyword  string            `json:"keyword"`
	Original string            `json:"original"`
	Start    int               `json:"start"`
	End      int               `json:"end"`
	Heredocs map[string]string `json:"heredocs"`
}

type answer struct {
	File         string        `json:"file"`
	Error        string        `json:"error"`
	Warnings     []string      `json:"warnings"`
	Instructions []instruction `json:"instructions"`
}

func main() {
	said := json.NewEncoder(os.Stdout)
	said.SetEscapeHTML(false)
	for _, name := range os.Args[1:] {
		if err := said.Encode(read(name)); err != nil {
			panic(err)
		}
	}
}

func read(name string) answer {
	found := answer{File: name, Warnings: []string{}, Instructions: []instruction{}}
	file, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		found.Error = err.Error()
		return found
	}
	for _, warning := range parsed.Warnings {
		found.Warnings = append(found.Warnings, warning.Short)
	}
	for _, node := range parsed.AST.Children {
		heredocs := map[string]string{}
		for _, each := range node.Heredocs {
			heredocs[each.Name] = each.Content
		}
		found.Instructions = append(found.Instructions, instruction{
			strings.ToUpper(node.Value), node.Original, node.StartLine, node.EndLine, heredocs,
		})
	}
	if err := commands(parsed.AST); err != nil {
		found.Error = err.Error()
	}
	return found
}

func commands(ast *parser.Node) error {
	stages, _, err := instructions.Parse(ast, nil)
	if err != nil {
		return err
	}
	for _, stage := range stages {
		for _, command := range stage.Commands {
			trigger, is := command.(*instructions.OnbuildCommand)
			if !is {
				continue
			}
			parsed, err := parser.Parse(strings.NewReader(trigger.Expression))
			if err != nil {
				return err
			}
			for _, node := range parsed.AST.Children {
				if _, err := instructions.ParseCommand(node); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
