// What the kubelet's keyring makes of pull secrets: a line of JSON in, the entries it would try out, in their order.
//
// Each entry's user name is what is told of it. A secret that the kubelet cannot read is told as an error.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
)

type question struct {
	Secrets []v1.Secret
	Image   string
}

type answer struct {
	Users []string
	Error string
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	said := json.NewEncoder(os.Stdout)
	asked := json.NewDecoder(lines)
	for asked.More() {
		var one question
		if err := asked.Decode(&one); err != nil {
			panic(err)
		}
		found := answer{Users: []string{}}
		keyring, err := secrets.MakeDockerKeyring(one.Secrets, &credentialprovider.BasicDockerKeyring{})
		if err != nil {
			found.Error = err.Error()
		} else {
			credentials, _ := keyring.Lookup(one.Image)
			for _, each := range credentials {
				found.Users = append(found.Users, each.Username)
			}
		}
		if err := said.Encode(found); err != nil {
			panic(err)
		}
	}
}
