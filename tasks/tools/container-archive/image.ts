/** A container image, as its archive tells it. */
export interface ContainerImage {
  /** `sha256:` and 64 hexadecimal digits of the config, which commits every layer: `docker image inspect` names the same. */
  readonly id: string
  /** As Go and the OCI image specification name it: `amd64`, `arm64`. */
  readonly architecture: string
  readonly os: string
  /** The lowest first. */
  readonly layers: readonly Layer[]
  readonly ports: readonly ExposedPort[]
  /** A name, a number, or either with a group (`app:app`); empty for root. */
  readonly user: string
  readonly entryPoint: readonly string[]
  readonly command: readonly string[]
  /** Names only: a value may be a secret that somebody left there. */
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
