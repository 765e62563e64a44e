/** What the command line of `reprise serve` sets. */
export interface ServeOptions {
  readonly home: string
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Listening beyond loopback was asked for in so many words. */
  readonly allowRemote: boolean
}
