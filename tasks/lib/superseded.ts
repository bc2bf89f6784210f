/** Something that a platform keeps beside images and that nothing needs any more. */
export interface Superseded {
  /** In words, with the group: `versions 2-4 of the launch template of timeapp`. */
  readonly what: string
  /** Removes it; what is gone already is no error. */
  remove(): Promise<void>
}
