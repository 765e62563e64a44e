/** The long version of what the tests do briefly: `npm run soak -- 20 50` kills the daemon under 20 agents 50 times. */
import { soak } from "../test/support/soak.ts"

const [sessions = 20, kills = 50] = process.argv.slice(2).map(Number)
console.log(JSON.stringify(await soak({ sessions, kills, betweenMs: [20, 600] })))
