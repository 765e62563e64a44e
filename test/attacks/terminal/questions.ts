/** Attacks on the terminal of an attached person: what an agent may ask of it, have it do, or have it keep. */
import { join } from "node:path"
import * as Pty from "node-pty"
import { until } from "../../support/daemon.ts"
import type { Attack, Ground } from "../attack.ts"

const esc = "\x1b"
const csi = `${esc}[`
const st = `${esc}\\`

/** By what it is, the bytes. None may reach a person's terminal in any form. */
const questions: Readonly<Record<string, string>> = {
  "asks for device attributes with leading zeros (CSI 000c)": `${csi}000c`,
  "asks for secondary device attributes (CSI >c)": `${csi}>c`,
  "asks for tertiary device attributes (CSI =c)": `${csi}=c`,
  "asks for the cursor with a leading zero (CSI 06n)": `${csi}06n`,
  "asks for the cursor with a control inside the sequence": `${csi}\x006\x0bn`,
  "asks for the cursor with DEL inside the sequence": `${csi}6\x7fn`,
  "asks for the cursor in C1 of UTF-8": "\u009b6n",
  "asks for the cursor in sub-parameters (CSI 6:1n)": `${csi}6:1n`,
  "asks for the cursor behind a sequence that is broken off": `${csi}31${csi}6n`,
  "asks for the cursor behind a string that is broken off": `${esc}]0;a${csi}6n`,
  "asks for the cursor in DEC's way (CSI ?6n)": `${csi}?6n`,
  "asks for the printer (CSI ?15n)": `${csi}?15n`,
  "asks for user keys (CSI ?25n)": `${csi}?25n`,
  "asks for the colour scheme (CSI ?996n)": `${csi}?996n`,
  "asks for the version (CSI >0q)": `${csi}>0q`,
  "asks for a mode (DECRQM)": `${csi}?2026$p`,
  "asks for a setting (DECRQSS)": `${esc}P$qm${st}`,
  "asks for a setting in C1 of UTF-8 (DECRQSS)": "\u0090$q q\u009c",
  "asks for a capability (XTGETTCAP)": `${esc}P+q544e${st}`,
  "asks for the answerback (ENQ)": "\x05",
  "asks for the keyboard's flags (CSI ?u)": `${csi}?u`,
  "asks for modified keys (CSI ?4m)": `${csi}?4m`,
  "asks for terminal parameters (DECREQTPARM)": `${csi}x`,
  "asks for a checksum of the screen (DECRQCRA)": `${csi}1;1;1;1;2;2*y`,
  "asks for the presentation state (DECRQPSR)": `${csi}1$w`,
  "asks for the attributes of a rectangle (CSI #|)": `${csi}1;1;2;2#|`,
  "asks for the colour stack (CSI #R)": `${csi}#R`,
  "asks for graphics' limits (XTSMGRAPHICS)": `${csi}?1;1;0S`,
  "asks for the window's size (CSI 14t)": `${csi}14t`,
  "asks for the title, which it has set before (CSI 21t)": `${csi}21t`,
  "asks for the icon's title (CSI 020t)": `${csi}020t`,
  "asks for identification in the oldest way (ESC Z)": `${esc}Z`,
  "asks for a palette colour (OSC 4)": `${esc}]4;1;?\x07`,
  "asks for the background (OSC 11)": `${esc}]11;?${st}`,
  "asks for the foreground with leading zeros (OSC 0010)": `${esc}]0010;?\x07`,
  "asks for a colour in C1 of UTF-8": "\u009d12;?\u009c",
  "asks for Kitty's colours (OSC 21)": `${esc}]21;foreground=?${st}`,
  "asks for the pointer's shape (OSC 22)": `${esc}]22;?__current__${st}`,
  "asks for the font (OSC 50)": `${esc}]50;?\x07`,
  "reads the clipboard (OSC 52)": `${esc}]52;c;?\x07`,
  "reads the clipboard in C1 of UTF-8 (OSC 52)": "\u009d52;c;?\u0007",
  "reads the clipboard by Kitty's protocol (OSC 5522)": `${esc}]5522;type=read;dGV4dC9wbGFpbg==${st}`,
  "asks for notifications (OSC 99)": `${esc}]99;i=1:p=?;${st}`,
  "asks for Kitty's graphics with a file of the person's (APC G)": `${esc}_Ga=q,t=f,i=1,s=1,v=1;L2V0Yy9wYXNzd2Q=${st}`,
  "asks for iTerm's cell size (OSC 1337)": `${esc}]1337;ReportCellSize\x07`,
  "asks for a variable of iTerm's (OSC 1337)": `${esc}]1337;ReportVariable=c2Vzc2lvbi5uYW1l\x07`
}

const deeds: Readonly<Record<string, string>> = {
  "writes the clipboard without consent (OSC 52)": `${esc}]52;c;cm0gLXJmIH4=\x07`,
  "writes the clipboard by iTerm's words (OSC 1337)": `${esc}]1337;CopyToClipboard=\x07rm -rf${esc}]1337;EndCopy\x07`,
  "downloads a file (OSC 1337 File)": `${esc}]1337;File=name=eC5zaA==;size=2:cm0=\x07`,
  "sends a file by Kitty's protocol (OSC 5113)": `${esc}]5113;ac=send;id=1${st}`,
  "shows a file of the person's as a picture (APC G)": `${esc}_Ga=T,t=t,f=100;L3RtcC94${st}`,
  "starts a program by ConEmu's words (OSC 9;7)": `${esc}]9;7;"cmd"${st}`,
  "programs the keys (DECUDK)": `${esc}P0;1|17/6c730d${st}`,
  "prints the screen (CSI i)": `${csi}i`,
  "copies to the printer (CSI 5i)": `${csi}5i`,
  "switches to VT52 (CSI ?2l)": `${csi}?2l`,
  "switches to 8-bit answers (ESC SP G)": `${esc} G`,
  "leaves UTF-8 (ESC % @)": `${esc}%@`,
  "resizes the window (CSI 8t)": `${csi}8;1;1t`,
  "iconifies the window (CSI 2t)": `${csi}2t`,
  "switches to 132 columns (CSI ?3h)": `${csi}?40h${csi}?3h`,
  "waits for the mouse (CSI ?1001h)": `${csi}?1001h`,
  "passes a sequence through tmux (DCS tmux)": `${esc}Ptmux;${esc}${esc}[6n${st}`,
  "names the window of tmux (ESC k)": `${esc}kname${st}`,
  "changes the directory (OSC 7)": `${esc}]7;file:///etc${st}`,
  "sets the font (OSC 50)": `${esc}]50;#+9\x07`,
  "links to a program (OSC 8)": `${esc}]8;;javascript:alert(1)${st}x${esc}]8;;${st}`,
  "invokes a macro (DECINVM)": `${csi}1*z`
}

interface Person {
  /** Has the agent write these bytes, and gives what the terminal got. */
  readonly shown: (bytes: string) => Promise<string>
}

const executable = join(import.meta.dirname, "../../../bin/reprise.js")
// What the daemon answers for the terminal comes in front of the colon.
const script = 'stty -echo -opost; echo ready; while read -r line; do printf %s "$line" | sed s/.*:// | base64 -d; done'
const persons = new WeakMap<Ground["daemon"], Promise<Person>>()

/** One session and one attached terminal for all of these attacks on a daemon. */
const personOf = ({ daemon }: Ground): Promise<Person> => {
  const known = persons.get(daemon)
  if (known !== undefined) return known
  const made = attached(daemon)
  persons.set(daemon, made)
  return made
}

const attached = async (daemon: Ground["daemon"]): Promise<Person> => {
  const { id } = await daemon.create(["bash", "-c", script])
  await until("the agent is ready", async () => (await daemon.output(id)).includes("ready"))
  const env = { ...process.env, REPRISE_HOME: daemon.home, TERM: "xterm-256color", REPRISE_SESSION: undefined }
  const terminal = Pty.spawn(process.execPath, [executable, "attach", id], {
    cols: 80,
    rows: 24,
    env: env as Record<string, string | undefined>
  })
  let raw = ""
  terminal.onData((text) => {
    raw += text
  })
  await until("the terminal is attached", () => raw.includes("ready"))
  let marks = 0
  const shown = async (bytes: string) => {
    const [before, after] = [`<${++marks}<`, `>${marks}>`]
    const from = raw.length
    const line = Buffer.from(`${before}${bytes}${after}`).toString("base64")
    await daemon.done("POST", `/v1/sessions/${id}/input`, { text: `:${line}\n` })
    await until(`the terminal shows ${after}`, () => raw.slice(from).includes(after))
    return raw.slice(raw.indexOf(before, from) + before.length, raw.indexOf(after, from))
  }
  return { shown }
}

const attackOf = (number: number, does: string, bytes: string, promise: string): Attack => ({
  id: `terminal-${String(number).padStart(2, "0")}`,
  attacker: "agent",
  does,
  promise,
  run: async (ground) => {
    const shown = await (await personOf(ground)).shown(bytes)
    // What stood between two sequences, and what a broken one leaves, is text.
    if (/[\x00-\x08\x0e-\x1f\x7f-\x9f]/.test(shown) && shown !== `${esc}]8;;${st}` && !/^x?\x1b\]8;;\x1b\\$/.test(shown))
      throw new Error(`the terminal got ${JSON.stringify(shown)}`)
    return "nothing reached the terminal"
  }
})

export const questionsAttacks: ReadonlyArray<Attack> = [
  ...Object.entries(questions).map(([does, bytes], place) =>
    attackOf(place + 1, does, bytes, "keeps the question from a person's terminal")
  ),
  ...Object.entries(deeds).map(([does, bytes], place) => attackOf(place + 51, does, bytes, "keeps it from a person's terminal"))
]
