/** Every question that is put to a terminal, and what ours says to it when nothing was drawn or set before. */

const esc = "\x1b"
const csi = `${esc}[`
const st = `${esc}\\`

const asked = {
  DA1: [`${csi}c`, `${csi}?1;2c`],
  "DA1 with its number": [`${csi}0c`, `${csi}?1;2c`],
  DECID: [`${esc}Z`, `${csi}?1;2c`],
  DA2: [`${csi}>c`, `${csi}>0;276;0c`],
  "DA2 with its number": [`${csi}>0c`, `${csi}>0;276;0c`],
  DA3: [`${csi}=c`, ""],
  DSR: [`${csi}5n`, `${csi}0n`],
  CPR: [`${csi}6n`, `${csi}1;1R`],
  DECXCPR: [`${csi}?6n`, `${csi}?1;1R`],
  "the colour scheme": [`${csi}?996n`, `${csi}?997;1n`],
  XTVERSION: [`${csi}>q`, `${esc}P>|Reprise${st}`],
  "XTVERSION with its number": [`${csi}>0q`, `${esc}P>|Reprise${st}`],
  "DECRQM of a private mode": [`${csi}?2004$p`, `${csi}?2004;2$y`],
  "DECRQM of an unknown mode": [`${csi}?9999$p`, `${csi}?9999;0$y`],
  "DECRQM of an ANSI mode": [`${csi}4$p`, `${csi}4;2$y`],
  "Kitty's keyboard": [`${csi}?u`, `${csi}?0u`],
  foreground: [`${esc}]10;?${st}`, `${esc}]10;rgb:ffff/ffff/ffff${st}`],
  background: [`${esc}]11;?\x07`, `${esc}]11;rgb:0000/0000/0000${st}`],
  "cursor colour": [`${esc}]12;?${st}`, `${esc}]12;rgb:ffff/ffff/ffff${st}`],
  "two colours": [`${esc}]10;?;?${st}`, `${esc}]10;rgb:ffff/ffff/ffff${st}${esc}]11;rgb:0000/0000/0000${st}`],
  palette: [`${esc}]4;1;?;231;?\x07`, `${esc}]4;1;rgb:cdcd/0000/0000${st}${esc}]4;231;rgb:ffff/ffff/ffff${st}`],
  DECRQSS: [`${esc}P$qm${st}`, `${esc}P1$r0m${st}`],
  XTGETTCAP: [`${esc}P+q544e;524742${st}`, `${esc}P0+r544e;524742${st}`],
  "pixels of the window": [`${csi}14t`, `${csi}4;384;640t`],
  "pixels of a cell": [`${csi}16t`, `${csi}6;16;8t`],
  "cells of the window": [`${csi}18t`, `${csi}8;24;80t`],
  "cells of the screen": [`${csi}19t`, `${csi}9;24;80t`],
  "the title": [`${csi}21t`, ""],
  "Kitty's graphics": [`${esc}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA${st}`, ""],
  "sixel registers": [`${csi}?1;1;0S`, `${csi}?1;3;0S`],
  "Kitty's notifications": [`${esc}]99;i=1:p=?;${st}`, ""],
  "the clipboard": [`${esc}]52;c;?\x07`, ""],
  // Answered by the observer that listens for program statuses.
  "the status protocol": [`${esc}]7501;?${st}`, ""]
} satisfies Readonly<Record<string, readonly [string, string]>>

export const queries: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(asked).map(([name, [query]]) => [name, query]))
export const answers: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(asked).map(([name, [, answer]]) => [name, answer])
)
