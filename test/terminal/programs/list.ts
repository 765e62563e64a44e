/** Twenty full-screen programs of Debian, each with what is typed before and after it is disturbed. */
import type { Program } from "./matrix.ts"

export const editors: ReadonlyArray<Program> = [
  {
    name: "vim",
    version: ["vim", "--version"],
    command: ["vim", "-n", "-u", "NONE", "-i", "NONE", "--cmd", "set nocp hls ruler showcmd", "lines.txt"],
    starts: /line 1 /,
    before: [
      { keys: "/line 77\r", shows: /line 77/ },
      { keys: "onew 字 text\x1b", shows: /new 字 text/ },
      { keys: ":split code.c\r", shows: /include/ }
    ],
    after: [
      { keys: "\x17=", shows: /include/ },
      { keys: "\x17jvjj", shows: /VISUAL/ }
    ]
  },
  {
    name: "emacs -nw",
    version: ["emacs", "--version"],
    command: ["emacs", "-nw", "-Q", "--eval", "(setq auto-save-default nil create-lockfiles nil make-backup-files nil)", "code.c"],
    starts: /include/,
    before: [
      { keys: "\x1b>", shows: /return 0/ },
      { keys: "\x182", shows: /code\.c[\s\S]*code\.c/ },
      { keys: "added 字", shows: /added 字/ }
    ],
    after: [{ keys: "\x181\x0c\x13printf", shows: /I-search: printf/ }]
  },
  {
    name: "nano",
    version: ["nano", "--version"],
    command: ["nano", "-I", "-l", "lines.txt"],
    starts: /GNU nano/,
    before: [
      { keys: "\x17line 42\r", shows: /line 42/ },
      { keys: "typed 字 ", shows: /typed 字/ }
    ],
    after: [
      { keys: "\x1b\\", shows: /\b1 line 1\b/ },
      { keys: "\x17", shows: /Search/ }
    ]
  },
  {
    name: "less",
    version: ["less", "--version"],
    command: ["less", "-N", "lines.txt"],
    starts: /line 1/,
    before: [
      { keys: "/line 99\r", shows: /line 99/ },
      { keys: "jj", shows: /line 101/ }
    ],
    after: [
      { keys: "\x1b[H", shows: /1 line 1/ },
      { keys: "50g", shows: /50 line 50/ }
    ]
  }
]

export const shells: ReadonlyArray<Program> = [
  {
    name: "tmux",
    version: ["tmux", "-V"],
    command: ["tmux", "-S", "socket", "-f", ".tmux.conf", "new-session", "-s", "inner"],
    env: { ENV: "" },
    ends: ["tmux", "-S", "socket", "kill-server"],
    starts: /[#$] /,
    before: [
      { keys: "seq 1 50\r", shows: /50\n[#$]/ },
      { keys: "\x02%", shows: /│/ },
      { keys: "echo right 字\r", shows: /\nright 字|│right 字/ }
    ],
    after: [{ keys: "\x02:select-layout even-horizontal\r\x0c", shows: /[#$]/ }]
  },
  {
    name: "screen",
    version: ["screen", "--version"],
    command: ["sh", "-c", "mkdir -m 700 sockets; SCREENDIR=$PWD/sockets exec screen -c .screenrc"],
    env: { ENV: "" },
    ends: ["sh", "-c", "SCREENDIR=$PWD/sockets screen -X quit"],
    starts: /[#$] /,
    before: [
      { keys: "seq 1 50\r", shows: /50\n[#$]/ },
      { keys: "\x01S\x01\t\x01c", shows: /1 sh/ }
    ],
    after: [{ keys: "clear; echo lower 字\r", shows: /\nlower 字/ }]
  },
  {
    name: "irb",
    version: ["irb", "--version"],
    command: ["irb", "--noautocomplete"],
    starts: />/,
    before: [
      { keys: "def twice(x)\r", shows: /002/ },
      { keys: "x * 2\rend\r", shows: /:twice/ }
    ],
    after: [
      { keys: "\x0c", shows: /^irb.main.:004/ },
      { keys: 'twice("字")\r', shows: /"字字"/ }
    ]
  },
  {
    name: "python with prompt_toolkit",
    version: ["/usr/bin/python3", "-c", "import prompt_toolkit; print(prompt_toolkit.__version__)"],
    command: [
      "/usr/bin/python3",
      "-c",
      `
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.shortcuts import checkboxlist_dialog
s = PromptSession("say> ", completer=WordCompleter(["alpha", "alpine", "字字"]), complete_while_typing=True, bottom_toolbar="a toolbar 字")
print("said", s.prompt())
checkboxlist_dialog(title="A dialog", text="Choose", values=[(n, "choice %d" % n) for n in range(12)]).run()
`
    ],
    starts: /a toolbar/,
    before: [
      { keys: "al", shows: /alpine/ },
      { keys: "\t", shows: /say> alpha/ }
    ],
    after: [
      { keys: "\r", shows: /A dialog/ },
      { press: ["down", "down", "space"], shows: /\[\*\]/ }
    ]
  }
]

/** As a user without rights it takes no lock, so that two run at once. */
const aptitude = "aptitude -o Dir::Ignore-Files-Silently::=disabled"

export const lists: ReadonlyArray<Program> = [
  {
    name: "htop",
    version: ["htop", "--version"],
    command: ["sh", "-c", "sleep 600 & exec htop -p $!"],
    starts: /sleep/,
    before: [{ press: ["f2"], shows: /Categories/ }],
    after: [{ press: ["down"], shows: /Categories/ }],
    masked: { why: "the number of the process", cells: /^\S*\d{2,7} root/ }
  },
  {
    name: "mc",
    version: ["mc", "--version"],
    command: ["mc", "-u", "-d", "tree", "."],
    starts: /code\.c/,
    before: [
      { press: ["down", "down"], shows: /wide/ },
      { keys: "\x1b2", shows: /Menu|Help/ }
    ],
    after: [
      { keys: "\x1b\x1b", shows: /code\.c/ },
      { keys: "\t\x0c", shows: /code\.c/ }
    ]
  },
  {
    name: "tig",
    version: ["tig", "--version"],
    command: [
      "sh",
      "-c",
      "git init -q -b main && git add code.c && git commit -qm 'add the code' && git add lines.txt && git commit -qm 'add the lines' && exec tig"
    ],
    env: {
      ...{ GIT_AUTHOR_NAME: "Reader", GIT_AUTHOR_EMAIL: "reader@example.org", GIT_AUTHOR_DATE: "2026-01-02T03:04:05Z" },
      ...{ GIT_COMMITTER_NAME: "Reader", GIT_COMMITTER_EMAIL: "reader@example.org", GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z" }
    },
    starts: /add the code/,
    before: [
      { keys: "jj", shows: /commit 2 of 2/ },
      { keys: "\r", shows: /^---/m }
    ],
    after: [
      { keys: "O", shows: /include/ },
      { keys: "/return\r", shows: /return/ }
    ]
  },
  {
    name: "fzf",
    version: ["fzf", "--version"],
    command: ["sh", "-c", "fzf --multi --preview 'echo preview {}' < lines.txt"],
    starts: /300\/300/,
    before: [
      { keys: "line 5", shows: /> line 5/ },
      { keys: "\t", shows: /\(1\)/ }
    ],
    after: [{ keys: "7", shows: /> line 57/ }]
  },
  {
    name: "ncdu",
    version: ["ncdu", "--version"],
    command: ["ncdu", "-0", "tree"],
    starts: /deep/,
    before: [{ keys: "\r", shows: /large/ }],
    after: [
      { press: ["down"], shows: /large/ },
      { keys: "i", shows: /Item info|Full path/ }
    ]
  },
  {
    name: "dialog",
    version: ["dialog", "--version"],
    command: [
      "dialog",
      "--title",
      "A title",
      "--checklist",
      "Choose 字",
      "0",
      "0",
      "0",
      ...Array.from({ length: 12 }, (_, item) => [`t${item}`, `item ${item}`, "off"]).flat()
    ],
    starts: /A title/,
    before: [{ press: ["down", "down", "space"], shows: /\[[X*]\] t2/ }],
    after: [{ press: ["down", "space"], shows: /\[[X*]\] t3/ }]
  },
  {
    name: "aptitude",
    version: ["aptitude", "--version"],
    command: [
      "sh",
      "-c",
      `cd /; [ $(id -u) = 0 ] && exec setpriv --reuid=65534 --regid=65534 --clear-groups ${aptitude}; exec ${aptitude}`
    ],
    env: { HOME: "/nonexistent" },
    starts: /A newer version/,
    before: [
      { press: ["down"], shows: /currently installed/ },
      { press: ["enter"], shows: /admin/ }
    ],
    after: [{ keys: "\x0c", shows: /admin/ }]
  }
]

export const readers: ReadonlyArray<Program> = [
  {
    name: "w3m",
    version: ["w3m", "-version"],
    command: ["w3m", "page.html"],
    starts: /Head/,
    before: [{ keys: "/item 30\n", shows: /item 30/ }],
    after: [
      { keys: "g\x0c", shows: /Head/ },
      { keys: "\t\t", shows: /Head/ }
    ]
  },
  {
    name: "bat",
    version: ["batcat", "--version"],
    command: ["batcat", "--paging=always", "--terminal-width=70", "code.c"],
    starts: /code\.c/,
    before: [{ keys: "/printf\r", shows: /printf/ }],
    after: [{ keys: "G", shows: /return 0/ }]
  },
  {
    name: "lnav",
    version: ["lnav", "-V"],
    command: ["lnav", "words.log"],
    starts: /message 59/,
    before: [
      { keys: "g", shows: /message 0\b/ },
      { keys: "e", shows: /message/ }
    ],
    after: [{ keys: "g", shows: /message 0\b/ }],
    masked: { why: "its clock, and a colour that it makes of the file's path", cells: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|38;5;\d+(?=\}[┌│└])/ }
  },
  {
    name: "weechat",
    version: ["weechat", "--version"],
    command: [
      "weechat",
      "-d",
      "chat",
      "-r",
      '/set weechat.look.buffer_time_format ""',
      "-r",
      '/set weechat.bar.status.items "buffer_number"',
      "-r",
      "/bar hide buflist"
    ],
    starts: /WeeChat/,
    before: [{ keys: "/print typed 字\r", shows: /typed 字/ }],
    after: [{ keys: "\x0c/print -core more", shows: /more/ }]
  },
  {
    name: "cmatrix",
    version: ["cmatrix", "-V"],
    command: ["cmatrix", "-b"],
    starts: /\S/,
    before: [],
    after: [{ keys: "p", shows: /\S/ }],
    isRandom: true
  }
]

export const all: ReadonlyArray<Program> = [...editors, ...shells, ...lists, ...readers]
