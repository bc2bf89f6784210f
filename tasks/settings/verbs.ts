import { isInstalled } from './own.ts'

/** Arguments of a verb without a flag: none, one word, or any number. A name with a blank lists them all. */
export interface Positionals {
  readonly name: string
  readonly many: boolean
  readonly required: boolean
}

/** What help says about a verb, and its arguments outside the table of settings. */
export interface Verb {
  readonly summary: string
  /** A few sentences. */
  readonly about: string
  readonly positionals?: Positionals
  /** What comes after `--`. */
  readonly rest?: string
  /** Commands as typed, each with its purpose. */
  readonly examples: readonly (readonly [command: string, what: string])[]
  readonly development?: true
  /** Time to stop once asked to; default 60 s. */
  readonly stopSeconds?: number
  /** The same call resumes an interrupted one. Other verbs start over. */
  readonly carriesOn?: true
}

const program = isInstalled ? 'npx bakeroll' : './bakeroll'

/** Shutting down a builder and removing its disk takes time. */
const builderStopSeconds = 240

const table = {
  demo: {
    carriesOn: true,
    stopSeconds: builderStopSeconds,
    summary: 'the whole story on this computer, from an image to a repair',
    about:
      'Bakes two releases, deploys the first, checks it, rolls to the second under load, breaks nginx on one instance, lets the check notice it, heals it, checks again and sums up. Needs no cloud account.',
    examples: [
      ['npm run demo', 'the story; everything is removed at the end'],
      ['npm run demo -- --keep', 'leave the group running to look at it'],
    ],
  },
  doctor: {
    summary: 'is everything here that the platform needs',
    about: 'Looks at programs, permissions, disk, memory and ports; each finding comes with the command that fixes it.',
    examples: [
      ['npm run doctor', 'for the local platform'],
      ['npm run doctor -- --platform aws', 'for AWS: credentials, permissions and quotas, too'],
      ['npm run -s doctor -- --json', 'read by a program'],
    ],
  },
  init: {
    summary: 'write the configuration for the service of this folder',
    about:
      'Looks at Dockerfile, package.json, git and container archives, writes bakeroll.config.mts, and has git and Docker ignore .bakeroll. It says what is missing for a bake, and never overwrites a configuration.',
    examples: [
      ['npm run init', 'the file'],
      ['npm run init -- --dry-run', 'what it would write'],
    ],
  },
  bake: {
    carriesOn: true,
    stopSeconds: builderStopSeconds,
    summary: 'make a verified image of one release',
    about:
      'Makes an image, boots it, tests it and marks it verified. An existing image with the same contents is reused.',
    examples: [
      ['npm run bake', 'the version in package.json'],
      ['npm run bake -- --release 1.4.0', 'another one'],
      ['npm run bake -- --dry-run', 'what would be done'],
    ],
  },
  images: {
    carriesOn: true,
    summary: 'list the images and what uses them',
    about:
      'Lists all images, newest first. With --retire it removes what no group, instance, rollback or roll under way needs, beyond the newest ones that --keep counts.',
    examples: [
      ['npm run images', 'the list'],
      ['npm run images -- --retire --keep 2', 'remove what nothing needs, beyond the newest 2'],
    ],
  },
  deploy: {
    carriesOn: true,
    summary: 'create or update the group',
    about:
      'Creates the group with its load balancer and instances, or brings it to its spec. Nothing to change is success. Instances that run another image stay: roll replaces them.',
    examples: [
      ['npm run deploy', 'the newest verified image on 2 instances'],
      ['npm run deploy -- --size 3 --image 1.4.0', 'three instances of one release'],
      ['npm run deploy -- --dry-run', 'what would be changed'],
    ],
  },
  roll: {
    carriesOn: true,
    summary: 'replace the instances that do not run the wanted image',
    about:
      'Launches before it drains and drains before it terminates, one instance at a time or several, without a failed request. When the new image is not healthy the group rolls back by itself. Running an interrupted or paused roll again continues it.',
    examples: [
      ['npm run roll', 'to the newest verified image'],
      ['npm run roll -- --surge 2', 'two at a time'],
      ['npm run roll -- --max-unavailable 1', 'in place, where there is no room for one more'],
      ['npm run roll -- --canary 1 --canary-watch 10m', 'one first, watched, then the others'],
      ['npm run roll -- --pause-at 1,50% --report roll.html', 'in three runs, with a page that shows all of it'],
      ["npm run roll -- --after-accept './warm-up.sh'", 'with a command of your own for each new instance'],
    ],
  },
  rollback: {
    carriesOn: true,
    summary: 'roll to the image that served before',
    about: 'Replaces the instances as roll does, with the image that the group ran before the last roll.',
    examples: [
      ['npm run rollback', 'back'],
      ['npm run rollback -- --dry-run', 'what would be done'],
    ],
  },
  release: {
    carriesOn: true,
    summary: 'bring a release to the running instances in place, without a bake',
    about:
      'The quick way between two images. Drains an instance, brings it the release over SSH, of the container image only the layers that it lacks, proves it, and puts it back behind the load balancer; then the next, or several at a time. The first one that fails gives every instance back the container, settings and nginx that it had, but not what roles of image.roles.release changed. What the platform launches by itself serves the release of the image until heal; a bake and a roll make the release permanent.',
    examples: [
      ['npm run release -- --release 1.4.1', 'one instance after the other'],
      ['npm run release -- --release 1.4.1 --max-unavailable 25%', 'a quarter at a time'],
      ['npm run release -- --force', 'the same once more, with new values of secrets'],
      ['npm run release -- --dry-run', 'what would be done'],
    ],
  },
  simulate: {
    summary: "try a roll's policy on simulated instances",
    about:
      'Plays a roll in memory, on a virtual clock, with boot times and faults drawn from a seed, and shows how long it took, how low the capacity fell and what happened. It touches no machine. A policy is made of surge, max-unavailable, canary, canary-watch, pause-at, pause, force, instance-timeout and timeout, as the flags of roll; a fault is name[:count][@moment], the moment a number of steps or a percent. Faults: never-boots, never-healthy, wrong-release, clock-off, slow-start, slow, flapping, dies-before-ready, dies-accepted, capacity, quota, at-maximum, spot, standby, detached, protected, scaled, image-changed, rebalance, balancer-down, balancer-stopped, disk-full, zone-gone, killed.',
    examples: [
      ['npm run simulate -- --instances 40 --policy surge=25%', 'a quarter at a time'],
      ['npm run simulate -- --policy max-unavailable=10%,canary=1', 'in place, one first'],
      ['npm run simulate -- --faults never-boots:2,zone-gone@40% --seed 7', 'what goes wrong, and when'],
      ['npm run -s simulate -- --instances 1000 --json', 'for a program'],
    ],
  },
  check: {
    summary: 'is the service up, the right version, its clock right',
    about:
      'Asks each url, or without one the deployed group, from outside. Durations have a unit; exactly a limit passes.',
    positionals: { name: 'url', many: true, required: false },
    examples: [
      ['npm run check', 'the deployed group'],
      ['npm run check -- --instances --max-offset 500ms', 'each instance too, the clock right within half a second'],
      ['npm run -s check -- http://example.org --format nagios', 'any service, for Nagios'],
    ],
  },
  heal: {
    carriesOn: true,
    summary: 'find what is broken and repair it',
    about:
      'Looks at every instance and tries the smallest repair that can work: nginx, then the container, Docker, the time service, a reboot, at last a replacement; each is verified.',
    examples: [
      ['npm run heal', 'the whole group'],
      ['npm run heal -- --instance i-0a1', 'one instance'],
      ['npm run heal -- --dry-run', 'what would be done'],
    ],
  },
  scale: {
    carriesOn: true,
    summary: 'change the size of the group',
    about: 'Launches or drains and terminates instances until the group has n, a whole number from 1 to 1000.',
    positionals: { name: 'n', many: false, required: true },
    examples: [
      ['npm run scale -- 3', 'three instances'],
      ['npm run scale -- 1 --group shop', 'another group'],
    ],
  },
  status: {
    summary: 'the group and its instances',
    about: 'Shows the group, its image, and of each instance release, state, health, address and age.',
    examples: [
      ['npm run status', 'a table'],
      ['npm run -s status -- --json', 'for a program'],
    ],
  },
  logs: {
    summary: 'logs of the instances',
    about: 'Shows the logs of all instances, or of one.',
    examples: [
      ['npm run logs -- --since 10m --grep error', 'errors of the last ten minutes'],
      ['npm run logs -- --instance i-0a1 --follow', 'one instance, continuously'],
    ],
  },
  ssh: {
    summary: 'a shell on an instance, or one command',
    about: 'Opens a shell on an instance. With a command after -- it runs that, and passes output and exit code on.',
    rest: 'command',
    examples: [
      ['npm run ssh -- --instance i-0a1', 'a shell'],
      ['npm run ssh -- --instance i-0a1 -- systemctl is-active nginx', 'one command'],
    ],
  },
  secret: {
    summary: 'set, unset or list the secrets of the service',
    about:
      'A secret is an environment variable of the service whose value belongs to the group: no image and no log has it. set takes the value from standard input or asks for it without showing it; one line break at its end is not part of it. Without words it lists which secrets are set, and which of service.secrets are missing; it never tells a value. They can be set before the group exists, and destroy removes them.',
    positionals: { name: 'set NAME', many: true, required: false },
    examples: [
      ['npm run secret -- set DATABASE_URL', 'asks for the value'],
      ['npm run secret -- set TLS_KEY <key.pem', 'the value of a file, line breaks and all'],
      ['npm run secret -- unset DATABASE_URL', 'removes it'],
      ['npm run secret', 'the list'],
    ],
  },
  destroy: {
    carriesOn: true,
    summary: 'remove the group and prove that nothing is left',
    about: 'Names what it removes, secrets included, and asks, unless --yes. With --images the images go, too.',
    examples: [
      ['npm run destroy', 'the group'],
      ['npm run destroy -- --images --yes', 'everything, without asking'],
    ],
  },
  completion: {
    summary: 'the script that makes a shell complete verbs and flags',
    about:
      'Prints a script for bash, zsh or fish. It completes verbs, their flags and the values of these, for bakeroll as a command: ./bakeroll or a link to it, or an alias of npx bakeroll.',
    positionals: { name: 'shell', many: false, required: true },
    examples: [
      ['npm run -s completion -- zsh', 'the script'],
      [`eval "$(${program} completion bash)"`, 'from now on in this shell; in ~/.bashrc in every one'],
      [`${program} completion fish | source`, 'in fish'],
    ],
  },
  build: {
    summary: 'build the checker that runs alone',
    about: 'Bundles the checker into one file, checker/dist/check.mjs.',
    examples: [['npm run build', 'the file']],
    development: true,
  },
  pack: {
    summary: 'the package for npm',
    about: 'Makes dist/bakeroll-VERSION.tgz: the sources without types and tests, and what they read at run time.',
    examples: [['npm run pack', 'the package; npm install dist/bakeroll-VERSION.tgz tries it in another folder']],
    development: true,
  },
  reference: {
    summary: 'regenerate the settings and flags of docs/reference.md',
    about: 'Generates the marked parts of docs/reference.md from the table of settings.',
    examples: [['npm run reference', 'after a setting was added or changed']],
    development: true,
  },
  lint: {
    summary: 'every static gate',
    about: 'Types, style, and the linters of the languages used here.',
    examples: [['npm run lint', 'all of them']],
    development: true,
  },
  test: {
    stopSeconds: builderStopSeconds,
    summary: 'the static gates, then every suite',
    about: 'With paths it runs only the suites at or below them.',
    positionals: { name: 'path', many: true, required: false },
    examples: [
      ['npm test', 'everything'],
      ['npm test -- tasks/lib checker', 'some'],
    ],
    development: true,
  },
  'test:quick': {
    summary: 'the suites without machines, moto and browsers',
    about: 'Takes three minutes or less on two processors that have nothing else to do.',
    examples: [['npm run test:quick', 'all of them']],
    development: true,
  },
  'test:long': {
    summary: 'the suites that take an hour',
    about:
      'Runs the suites of test/long, among them a bake and a roll with every processor busy, and writes the outcome of each into benchmarks/results/long.tsv.',
    examples: [['npm run test:long', 'all of them; npm test -- test/long/FILE runs one and records nothing']],
    development: true,
  },
  'test:aws': {
    stopSeconds: builderStopSeconds,
    summary: 'the whole story on an AWS account',
    about:
      'Bakes, deploys, rolls and removes a group of its own, in a network of its own. It costs about a dollar, and starts only on request.',
    examples: [
      ['npm run test:aws', 'the story, with BAKEROLL_TEST_AWS=yes before it; everything is removed at its end'],
    ],
    development: true,
  },
} as const satisfies Record<string, Verb>

/** The name of a verb, as in `npm run roll`. */
export type VerbName = keyof typeof table

export const verbs: Readonly<Record<VerbName, Verb>> = table

/** In the order of help. The package has no verbs for work on bakeroll itself. */
export const verbNames = (Object.keys(table) as VerbName[]).filter(
  (name) => !isInstalled || verbs[name].development === undefined,
)

export function stopSecondsOf(verb: VerbName): number {
  return verbs[verb].stopSeconds ?? 60
}

export function carriesOn(verb: string): boolean {
  return isVerbName(verb) && verbs[verb].carriesOn === true
}

export function isVerbName(word: string): word is VerbName {
  return verbNames.some((name) => name === word)
}
