/** Every area of attacks, in the order of the table in docs/security.md. */
import type { Attack } from "./attack.ts"
import { caches } from "./caches.ts"
import { claims } from "./claims.ts"
import { control } from "./control.ts"
import { conversations } from "./conversations.ts"
import { deserted } from "./deserted.ts"
import { disks } from "./disk.ts"
import { door } from "./door.ts"
import { exec } from "./exec.ts"
import { files } from "./files.ts"
import { homes } from "./homes.ts"
import { listeners } from "./listeners.ts"
import { logFiles } from "./log-files.ts"
import { marks } from "./marks.ts"
import { oddHomes } from "./odd-homes.ts"
import { outliving } from "./outliving.ts"
import { sentences } from "./sentences.ts"
import { short } from "./short.ts"
import { silentPaths } from "./silent-paths.ts"
import { stopping } from "./stopping.ts"
import { surroundings } from "./surroundings.ts"
import { suspended } from "./suspended.ts"
import { terminal } from "./terminal.ts"
import { waits } from "./waits.ts"
import { words } from "./words.ts"
import { world } from "./world.ts"

export const allAttacks: ReadonlyArray<Attack> = [
  ...door,
  ...terminal,
  ...words,
  ...marks,
  ...files,
  ...conversations,
  ...claims,
  ...disks,
  ...logFiles,
  ...homes,
  ...listeners,
  ...caches,
  ...exec,
  ...stopping,
  ...outliving,
  ...deserted,
  ...control,
  ...short,
  ...suspended,
  ...waits,
  ...surroundings,
  ...world,
  ...oddHomes,
  ...silentPaths,
  ...sentences
]
