/** A container image, as described in its archive. */
export interface ContainerImage {
  /** `sha256:` and 64 hexadecimal digits of the config, which covers every layer: the id that `docker image inspect` shows. */
  readonly id: string
  /** The name in Go and in the OCI image specification: `amd64`, `arm64`. */
  readonly architecture: string
  readonly os: string
  /** The lowest first. */
  readonly layers: readonly Layer[]
  readonly ports: readonly ExposedPort[]
  /** A name, a number, or either with a group (`app:app`); empty for root. */
  readonly user: string
  readonly entryPoint: readonly string[]
  readonly command: readonly string[]
  /** Names only: a value may be a secret that was left there. */
  readonly envNames: readonly string[]
}

export interface Layer {
  /** `sha256:` and 64 hexadecimal digits of the layer as a plain tar. */
  readonly diffId: string
  /** The size of that tar. */
  readonly bytes: number
}

export interface ExposedPort {
  readonly port: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
}
