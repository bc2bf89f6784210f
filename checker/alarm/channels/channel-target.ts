/** A parsed `--notify`. */
export type ChannelTarget =
  | { readonly kind: 'webhook'; readonly url: string }
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'mail'; readonly to: readonly string[]; readonly from?: string }
  | { readonly kind: 'smtp'; readonly to: readonly string[]; readonly from?: string; readonly server: SmtpServer }
  | { readonly kind: 'sns'; readonly topic: string; readonly region: string }
  | { readonly kind: 'command'; readonly command: string }

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; otherwise STARTTLS if the server offers it. */
  readonly isSecure: boolean
  readonly login?: { readonly user: string; readonly password: string }
}

export type Channel = ChannelTarget & {
  /** Identifies the channel across runs; reveals no secret. */
  readonly id: string
  /** For messages, without secrets. */
  readonly name: string
}

/** Whether a host is this computer: secrets may be sent unencrypted only there. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host)
}
