import t from 'tap'
import { checkTargets } from '../check.ts'
import { startService, timeService } from '../fixtures/service.ts'
import { defaultSettings } from '../options/settings.ts'

const writers: Record<string, (date: Date) => string> = {
  unix: (date) => String(Math.floor(date.getTime() / 1000)),
  'time-of-day': (date) => date.toISOString().slice(11, 19),
}

for (const [format, write] of Object.entries(writers)) {
  t.test(`ten samples of a clock with whole seconds, ${format}: ± 50 ms or better`, async (t) => {
    const targets = await Promise.all(
      [0, 400, -1500].map(async (offsetMs) => ({ url: await startService(t, timeService(offsetMs, write)), offsetMs })),
    )
    const settings = { ...defaultSettings, samples: 10, timeoutMs: 60_000 }
    const report = await checkTargets(targets, settings)
    for (const [index, { offsetMs }] of targets.entries()) {
      const clock = report.targets[index]?.clock
      t.match(clock, { format, samples: 10 })
      t.ok((clock?.errorMs ?? Number.NaN) <= 50, JSON.stringify(clock))
      t.ok(Math.abs((clock?.offsetMs ?? Number.NaN) - offsetMs) <= (clock?.errorMs ?? 0), JSON.stringify(clock))
    }
  })
}
