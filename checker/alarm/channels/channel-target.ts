/** Where notices go, read from one `--notify`. */
export type ChannelTarget =
  | { readonly kind: 'webhook'; readonly url: string }
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'mail'; readonly to: readonly string[]; readonly from?: string }
  | { readonly kind: 'smtp'; readonly to: readonly string[]; readonly from?: string; readonly server: SmtpServer }
  | { readonly kind: 'sns'; readonly topic: string; readonly region: string }
  | { readonly kind: 'command'; readonly command: string }

/** A mail server, and how to log in. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; else STARTTLS as soon as the server offers it. */
  readonly isSecure: boolean
  readonly login?: { readonly user: string; readonly password: string }
}

export type Channel = ChannelTarget & {
  /** Tells it from the others, from one run to the next; no secret can be read from it. */
  readonly id: string
  /** What messages call it, without its secrets. */
  readonly name: string
}

/** Whether a host is this computer: only there may secrets travel in the clear. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host)
}
