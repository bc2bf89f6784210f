import type { Instance } from '../platform.ts'

/**
 * A user's hooks around an instance. Each rejects with an OperatorError when it fails or times out. After a kill a hook
 * may be called again for the same instance.
 */
export interface RollHooks {
  /** Before the first launch of a new roll, for migrations; when it fails, nothing is changed. */
  readonly beforeRoll?: (image: HookedImage) => Promise<void>
  /** The instance is drained and about to be terminated; while this fails, it is not. */
  readonly beforeTerminate?: (instance: Instance) => Promise<void>
  /** The new instance is ready; while this fails, it does not count as capacity. */
  readonly afterAccept?: (instance: Instance) => Promise<void>
}

export interface HookedImage {
  readonly id: string
  readonly release: string
}

export interface HookedInstance {
  readonly id: string
  readonly url: string
  readonly imageId: string
  readonly release: string
}

/** The environment variables of a hook. */
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

/** The environment variables of the hook before a roll. */
export function variablesOfImage(group: string, image: HookedImage) {
  return {
    BAKEROLL_HOOK: 'before-roll',
    BAKEROLL_GROUP: group,
    BAKEROLL_NEW_IMAGE: image.id,
    BAKEROLL_NEW_RELEASE: image.release,
  }
}

/** A hook may call verbs, which must not take one of these for a mistyped setting. */
export const hookVariables: readonly string[] = [
  ...Object.keys(variablesOf('', '', { id: '', url: 'http://localhost', imageId: '', release: '' })),
  ...Object.keys(variablesOfImage('', { id: '', release: '' })),
]
