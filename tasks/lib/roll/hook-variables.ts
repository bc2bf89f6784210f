/** What a hook is told of its instance. */
export interface HookedInstance {
  readonly id: string
  readonly url: string
  readonly imageId: string
  readonly release: string
}

/** The variables that tell a hook what it is called for. */
export function variablesOf(hook: string, group: string, instance: HookedInstance) {
  return {
    BAKEROLL_HOOK: hook,
    BAKEROLL_GROUP: group,
    BAKEROLL_INSTANCE_ID: instance.id,
    BAKEROLL_INSTANCE_ADDRESS: new URL(instance.url).hostname.replace(/^\[|\]$/g, ''),
    BAKEROLL_INSTANCE_URL: instance.url,
    BAKEROLL_INSTANCE_IMAGE: instance.imageId,
    BAKEROLL_INSTANCE_RELEASE: instance.release,
  }
}

/** Their names: a hook may call verbs, which must not take one of these for a mistyped setting. */
export const hookVariables: readonly string[] = Object.keys(
  variablesOf('', '', { id: '', url: 'http://localhost', imageId: '', release: '' }),
)
