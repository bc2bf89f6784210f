import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crowdingOf, type Pace, paceFrom } from '../../lib/pace.ts'
import { measureComputer } from '../../tools/pace-measurement.ts'
import { foldersIn, type Home } from '../home.ts'
import { baseFiles, byAge } from './images.ts'
import type { MachineSettings } from './instances.ts'
import { writeStateFile } from './state-file.ts'

/** Pace of this computer, plus the crowding to store with a boot that is timed now. */
export interface LocalPace extends Pace {
  readonly crowding: number
}

/** Stored next to a base layer. */
interface Boot {
  readonly seconds: number
  readonly crowding: number
}

const bootFile = (home: Home, base: string) => join(baseFiles(home, base).folder, 'boot.json')

/** Measures this computer on the first call only. `wanted` overrides it. */
export function localPace(
  home: Home,
  { accelerator, cpus }: MachineSettings,
  wanted: number | undefined,
): () => LocalPace {
  let known: LocalPace | undefined
  return () => {
    if (known === undefined) {
      const facts = { ...measureComputer(), accelerator, cpus, boot: lastBoot(home) }
      known = { ...paceFrom(facts, wanted), crowding: crowdingOf(facts) }
    }
    return known
  }
}

/** Stores the time from a machine's start to its first right answer. */
export async function keepBoot(home: Home, base: string, boot: Boot): Promise<void> {
  await writeStateFile(bootFile(home, base), boot)
}

/** The boot time of the newest base layer that has one. */
function lastBoot(home: Home): Boot | undefined {
  for (const base of foldersIn(home.bases).sort(byAge).reverse()) {
    try {
      const { seconds, crowding } = JSON.parse(readFileSync(bootFile(home, base), 'utf8'))
      if (seconds > 0 && crowding >= 1) return { seconds, crowding }
    } catch {
      // Not timed yet, or damaged: try the next one.
    }
  }
  return undefined
}
