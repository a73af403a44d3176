package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNodes(t *testing.T) {
	const one = `node = "http://127.0.0.1:18081"`
	text := strings.Replace(good, one, `nodes = ["http://a:1", "http://me:secret@b:2"]
zmq = ["tcp://a:3"]`, 1)
	text = strings.Replace(text, `node = "http://127.0.0.1:8114"`, `node = "http://127.0.0.1:8114"
subscribe = ["127.0.0.1:18114"]
notify_listen = "127.0.0.1:8115"`, 1)
	c, err := Parse("f", text)
	require.NoError(t, err)
	xmr, nervos := c.Coins[0], c.Coins[1]
	require.Equal(t, []string{"tcp://a:3"}, xmr.ZMQ)
	require.Equal(t, []string{"http://a:1", "http://me:secret@b:2"}, xmr.NodeURLs())
	require.Equal(t, []string{"http://127.0.0.1:8114"}, nervos.NodeURLs())
	require.Equal(t, []string{"127.0.0.1:18114"}, nervos.Subscribe)
	require.Equal(t, "127.0.0.1:8115", nervos.NotifyListen)

	xmr.User, xmr.Password = "all", "of them"
	a, b := xmr.AtNode("http://a:1"), xmr.AtNode("http://me:secret@b:2")
	require.Equal(t, [3]string{"http://a:1", "all", "of them"}, [3]string{a.Node, a.User, a.Password})
	require.Equal(t, [3]string{"http://b:2", "me", "secret"}, [3]string{b.Node, b.User, b.Password})
	require.Empty(t, b.Nodes)
}

func TestMistakesAboutNodes(t *testing.T) {
	const one = `node = "http://127.0.0.1:18081"`
	for _, tc := range []struct{ is, want string }{
		{`nodes = []`, "nodes is empty"},
		{`nodes = "http://a:1"`, "nodes must be a list of texts in quotes"},
		{`nodes = ["http://a:1", 3]`, "nodes must be a list of texts in quotes"},
		{`nodes = ["http://a:1", "b:2"]`, `node "b:2" is not a URL`},
		{`nodes = ["http://a:1", "http://u:p@a:1"]`, `node "http://u:xxxxx@a:1" is there twice`},
		{one + "\n" + `nodes = ["http://a:1"]`, "nodes stands beside node"},
		{`address2 = ""`, "[[coin]] lacks node"},
		{one + "\n" + `zmq = ["127.0.0.1:18083"]`, `zmq address "127.0.0.1:18083" is not like tcp://`},
		{one + "\n" + `subscribe = ["a:1"]`, `[[coin]] has no key "subscribe"`},
	} {
		_, err := Parse("f", strings.Replace(good, one, tc.is, 1))
		require.ErrorContains(t, err, tc.want, tc.is)
	}
}
