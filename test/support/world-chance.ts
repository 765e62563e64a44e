/** All chance of a modelled world: the same seed gives the same world, and each part draws from a stream of its own. */
export class Chance {
  #state: number

  constructor(seed: number) {
    // One round of mixing: neighbouring seeds are neighbours no more.
    this.#state = Math.imul((seed ^ 0x9e3779b9) >>> 0, 0x85ebca6b) >>> 0
    this.next()
    this.next()
  }

  /** Uniform in [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** Whole, from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  pick<A>(of: ReadonlyArray<A>): A {
    return of[Math.floor(this.next() * of.length)]!
  }

  /** `bytes` random bytes, in hexadecimal. */
  hex(bytes: number): string {
    let text = ""
    for (let index = 0; index < bytes; index++) text += this.between(0, 255).toString(16).padStart(2, "0")
    return text
  }

  /** A stream of its own: what one part draws does not move what another gets. */
  fork(): Chance {
    return new Chance(this.between(0, 4_294_967_295))
  }
}
