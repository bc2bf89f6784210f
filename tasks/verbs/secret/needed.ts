import type { Settings } from '../../settings/settings.ts'

/** The secrets that the service needs. */
export function neededSecrets(settings: Settings): readonly string[] {
  return (settings as { readonly service?: { readonly secrets?: readonly string[] } }).service?.secrets ?? []
}
