/** The fingerprint that every fact leaves of the state after it: replay finds a divergence at its exact place. */
import { createHash } from "node:crypto"

/** The first 8 bytes of SHA-256 over the canonical state, as 16 hexadecimal digits. */
export const stateHash = (canonical: string): string => createHash("sha256").update(canonical).digest("hex").slice(0, 16)
