/** Names of a group's AWS resources, unique so that two groups of an account never touch each other. */
export interface Names {
  readonly group: string
  /** CloudFormation stacks, in order of creation. */
  readonly networkStack: string
  readonly serviceStack: string
  readonly guardStack: string
  /** SSM parameter that holds the group's record (record.ts). */
  readonly recordParameter: string
  /** SSM parameters below this path are the group's lock (lock.ts). */
  readonly lockPath: string
  /** SSM parameters below this path are the group's secrets (secrets.ts). */
  readonly secretPath: string
  /** On every resource of the group. */
  readonly tags: Readonly<Record<string, string>>
}

export function namesOf(group: string): Names {
  return {
    group,
    networkStack: `bakeroll-${group}-network`,
    serviceStack: `bakeroll-${group}-service`,
    guardStack: `bakeroll-${group}-guard`,
    recordParameter: `${parameterRoot}/${group}/record`,
    lockPath: `${parameterRoot}/${group}/lock`,
    secretPath: `${secretRoot}/${group}`,
    tags: { [groupTag]: group },
  }
}

/** Prefix of all our SSM parameters but secrets. */
export const parameterRoot = '/bakeroll'

/** Not below `parameterRoot`, where the reviewer role reads values. */
export const secretRoot = '/bakeroll-secrets'

/** Tag with the name of the group that a resource belongs to. */
export const groupTag = 'bakeroll:group'

/** Tags of an AMI; an AMI with `layer` is one of ours. */
export const imageTags = {
  /** `base` or `release`. */
  layer: 'bakeroll:layer',
  release: 'bakeroll:release',
  /** Whose image it is. */
  service: 'bakeroll:service',
  /** Hash of all inputs of the image (recipe.ts). */
  content: 'bakeroll:content',
  /** Hash of the base layer. */
  base: 'bakeroll:base',
  /** The id of the AMI that the base layer was made from. */
  sourceImage: 'bakeroll:source-image',
  gitRevision: 'bakeroll:git-revision',
  /** When the image passed its test, ISO 8601; absent before. */
  verified: 'bakeroll:verified',
  /** On the builder and the test instance of one bake. */
  bake: 'bakeroll:bake',
} as const
