package api

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
)

// screenshotsEnv names a folder that screenshots are kept in.
const screenshotsEnv = "ADIT_SCREENSHOTS"

// browser opens a tab in a real Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("ADIT_REQUIRE_REAL") == "1" {
		t.Fatal("chromium is needed: sudo apt-get install chromium")
	} else if err != nil {
		t.Skip("skipped: chromium is not installed (sudo apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	ctx, late := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(late)
	return ctx
}

// until waits for a condition in the page.
func until(condition string) chromedp.Action {
	return chromedp.Poll(condition, nil, chromedp.WithPollingTimeout(time.Minute), chromedp.WithPollingInterval(50*time.Millisecond))
}

func says(selector, text string) chromedp.Action {
	return until(`document.querySelector(` + quote(selector) + `)?.textContent.includes(` + quote(text) + `)`)
}

func quote(text string) string { return "`" + text + "`" }

// open shows a section of the page.
func (l *lab) open(section string) chromedp.Action {
	l.opened++ // another address each time, so that the page is loaded anew
	return chromedp.Tasks{chromedp.Navigate(fmt.Sprintf("%s/?%d#/%s", l.url, l.opened, section)), chromedp.WaitReady("#live"), until(`document.getElementById("live")?.dataset.state === "live"`)}
}

func TestPageInChromium(t *testing.T) {
	ctx, l := browser(t), startLab(t, nil)
	var harmed, errors bool
	require.NoError(t, chromedp.Run(ctx,
		// Figures appear, and change while one looks.
		l.open(""), says("#hashrate", "6"), says("main", "3\u202f200\u202f001"), until(`document.querySelectorAll(".chart .line").length === 3`)))
	l.pool.change(func(s *pool.Snapshot) {
		s.Coins = append([]pool.CoinStats(nil), s.Coins...)
		s.Coins[0].Height = 3_200_077
	})
	require.NoError(t, chromedp.Run(ctx, says("main", "3\u202f200\u202f077"),
		// A lookup; what the miner calls itself is text and nothing more.
		l.open("miner"), chromedp.WaitVisible("#address"), chromedp.SendKeys("#address", alice+kb.Enter), says("#found", "0.999999"), says("#found", script),
		chromedp.Evaluate(`window.harmed !== undefined || document.querySelector("main img, main script") !== null`, &harmed)))
	require.False(t, harmed, "a script in a worker's name has run")

	require.NoError(t, chromedp.Run(ctx,
		l.open("miner/nobody"), says("#found", "Not found"),
		l.open("blocks"), says("main", "17 of 60"), says("main", "credited to miners"), says("main", "refused"),
		l.open("payments"), says("main", "abababababab"),
		l.open("top"), says("main", "bob"),
		l.open("start"), chromedp.WaitVisible("#wallet"), chromedp.SendKeys("#wallet", "mywallet<b>"), says("main", "xmrig -o 127.0.0.1:3333 -u mywalletb -p rig1 -a cn/r -k"),
		// The policy forbids inline scripts.
		chromedp.Evaluate(`(() => { const s = document.createElement("script"); s.textContent = "window.inline = 1"; document.body.append(s); return window.inline === 1; })()`, &errors)))
	require.False(t, errors, "an inline script has run")
}

// Everything can be reached and used by keyboard alone.
func TestPageByKeyboard(t *testing.T) {
	ctx, l := browser(t), startLab(t, nil)
	var skip, theme string
	var before, after string
	require.NoError(t, chromedp.Run(ctx, l.open(""), says("#hashrate", "6"),
		chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.activeElement.className`, &skip), chromedp.KeyEvent(kb.Enter), until(`document.activeElement.id === "main"`)))
	require.Equal(t, "skip", skip)
	require.NoError(t, chromedp.Run(ctx, l.open(""),
		chromedp.Focus(`#nav a[href="#/blocks"]`), chromedp.KeyEvent(kb.Enter), says("h1", "Blocks"),
		until(`document.querySelector('#nav a[aria-current]').hash === "#/blocks" && document.activeElement.id === "main"`),
		chromedp.Focus("#theme"), chromedp.Evaluate(`getComputedStyle(document.body).backgroundColor`, &before), chromedp.KeyEvent(kb.Enter),
		chromedp.Evaluate(`getComputedStyle(document.body).backgroundColor`, &after), chromedp.Evaluate(`document.documentElement.dataset.theme`, &theme),
		// A chart tells its values to the arrow keys.
		l.open(""), until(`document.querySelector(".chart .line")`), chromedp.Focus(".chart"), chromedp.KeyEvent(kb.ArrowLeft), says(".chart .tip", "H/s")))
	require.NotEqual(t, before, after)
	require.NotEmpty(t, theme)
}

func TestAdministrationInChromium(t *testing.T) {
	ctx, l := browser(t), startLab(t, nil)
	var kept bool
	require.NoError(t, chromedp.Run(ctx,
		l.open("admin"), chromedp.WaitVisible("#token"), chromedp.SendKeys("#token", "wrong"+kb.Enter), says("[role=alert]", "missing or wrong"),
		chromedp.SendKeys("#token", secret+kb.Enter), says("main", "Nobody is banned"),
		chromedp.SendKeys(`[aria-label="IP address"]`, "192.0.2.7"), chromedp.SendKeys(`[aria-label="Reason"]`, "test"+kb.Enter), says("main table", "192.0.2.7"),
		chromedp.Evaluate(`JSON.stringify({...localStorage, ...sessionStorage}).includes(`+quote(secret)+`) || document.cookie !== ""`, &kept)))
	require.False(t, kept, "the token is kept")
	require.Len(t, l.pool.book.Bans(), 1)
}

// TestScreenshots keeps pictures of the page for people to look at.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv(screenshotsEnv)
	if folder == "" {
		t.Skip("skipped: " + screenshotsEnv + " names no folder")
	}
	ctx, l := browser(t), startLab(t, func(c *config.Config) { c.API.Host = "pool.example" })
	require.NoError(t, os.MkdirAll(folder, 0o755))
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
		for _, theme := range []string{"light", "dark"} {
			for name, section := range map[string]string{"overview": "", "miner": "miner/" + alice, "blocks": "blocks", "start": "start", "top": "top"} {
				var wide bool
				var picture []byte
				require.NoError(t, chromedp.Run(ctx, chromedp.EmulateViewport(size.width, size.height),
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}),
					l.open(section), until(`document.querySelector("main h1") && !document.querySelector("main .empty b")?.textContent.includes("Looking")`), chromedp.Sleep(300*time.Millisecond),
					chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide), chromedp.FullScreenshot(&picture, 100)))
				require.False(t, wide, "%s is wider than a %s", name, size.name)
				file := filepath.Join(folder, name+"-"+size.name+"-"+theme+".png")
				require.NoError(t, os.WriteFile(file, picture, 0o644))
			}
		}
	}
}
