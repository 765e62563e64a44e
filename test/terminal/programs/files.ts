/** What the programs are given to show: the same files in each directory, with times of their own. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const at = new Date("2026-01-02T03:04:05Z")

export const furnish = (directory: string): void => {
  const put = (name: string, text: string) => {
    const path = join(directory, name)
    writeFileSync(path, text)
    utimesSync(path, at, at)
  }
  for (const name of ["tree", "tree/deep", "tree/wide"]) mkdirSync(join(directory, name))
  put("lines.txt", Array.from({ length: 300 }, (_, line) => `line ${line + 1}\t${text[line % text.length]}`).join("\n"))
  put("code.c", code)
  put("page.html", page)
  put(
    "words.log",
    Array.from({ length: 60 }, (_, line) => `2026-01-02T03:04:${String(line).padStart(2, "0")} ${levels[line % 3]} message ${line}`).join(
      "\n"
    )
  )
  for (const [place, size] of [
    ["tree/deep/large.bin", 5_000],
    ["tree/deep/small.bin", 10],
    ["tree/wide/字.txt", 2_000]
  ] as const)
    put(place, "x".repeat(size))
  put(".vimrc", "")
  put(".screenrc", 'startup_message off\ndefutf8 on\nshell /bin/sh\nhardstatus alwayslastline "%n %t"\n')
  put(".tmux.conf", "set -g status-right ''\nset -g default-command /bin/sh\nset -g automatic-rename off\n")
  put(".irbrc", "IRB.conf[:SAVE_HISTORY] = nil\n")
  mkdirSync(join(directory, ".config/htop"), { recursive: true })
  put(".config/htop/htoprc", htoprc)
  mkdirSync(join(directory, ".config/mc"), { recursive: true })
  put(
    ".config/mc/ini",
    "[Midnight-Commander]\nconfirm_exit=false\n[Layout]\nmessage_visible=false\nfree_space=false\nkeybar_visible=true\n"
  )
}

const levels = ["info", "warning", "error"]
/** Wide, combined and plain; long enough to be cut or to wrap. */
const text = ["plain words", "漢字かな交じり文", "cafe\u0301 naïve", "한국어", `long ${"word ".repeat(30)}`, "tab\there", "─│┌┐ box"]
const code = `#include <stdio.h>\n\n/* A comment. */\nint main(void) {\n${Array.from({ length: 60 }, (_, line) => `  printf("%d: text\\n", ${line});`).join("\n")}\n  return 0;\n}\n`
const page = `<html><head><title>A page</title></head><body><h1>Head</h1><p>${"Words of a paragraph. ".repeat(40)}</p><table border=1><tr><td>a</td><td>字</td></tr></table><ul>${Array.from({ length: 40 }, (_, item) => `<li><a href="#${item}">item ${item}</a>`).join("")}</ul></body></html>`
const htoprc = [
  "fields=0 48 1",
  "hide_kernel_threads=1",
  "tree_view=1",
  "left_meters=Blank",
  "left_meter_modes=2",
  "right_meters=Blank",
  "right_meter_modes=2",
  "header_layout=two_50_50",
  "column_meters_0=Blank",
  "column_meter_modes_0=2",
  "column_meters_1=Blank",
  "column_meter_modes_1=2"
].join("\n")
