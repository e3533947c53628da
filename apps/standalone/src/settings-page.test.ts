import path from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { migrateSettings } from '../../../infra/migrate/config.ts'
import { controlSettings } from '../../control/src/config.ts'
import { gatewaySettings } from '../../gateway/src/config.ts'
import { workerSettings } from '../../worker/src/config.ts'
import { inherited, standaloneSettings } from './config.ts'

const PAGE = path.resolve(import.meta.dirname, '../../../docs/settings.md')

/** Every process under its heading, with the file of its schema. */
const PROCESSES = {
  'Standalone product (`npm start`)': ['apps/standalone/src/config.ts', standaloneSettings],
  Gateway: ['apps/gateway/src/config.ts', gatewaySettings],
  Control: ['apps/control/src/config.ts', controlSettings],
  Worker: ['apps/worker/src/config.ts', workerSettings],
  Migration: ['infra/migrate/config.ts', migrateSettings],
} as const

/** What JSON Schema says of one variable. */
interface Setting {
  readonly type?: string
  readonly description?: string
  readonly default?: string | number
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
}

it('docs/settings.md says what the schemas say; if not, run `npm run docs:settings`', async () => {
  await expect(page()).toMatchFileSnapshot(PAGE)
})

it.each(Object.entries(PROCESSES))('%s has a sentence for each setting', (_, [file, schema]) => {
  const silent = settingsOf(schema).filter(([, { description = '' }]) => !/^\S.*\.$/.test(description))
  expect(silent.map(([name]) => `${file}: ${name} needs .describe('… .')`)).toEqual([])
})

function page(): string {
  const passedOn = settingsOf(gatewaySettings).flatMap(([name]) => (name in inherited({}) ? [`\`${name}\``] : []))
  const sections = Object.entries(PROCESSES).map(([heading, [file, schema]]) => {
    const rows = settingsOf(schema).map(([name, setting]) => rowOf(schema, name, setting))
    const head = '| setting | value | default | meaning |\n|---|---|---|---|'
    const also = schema === standaloneSettings ? `\nThe gateway also gets ${passedOn.join(', ')}, as below.\n` : ''
    return `## ${heading}\n\nRead by \`${file}\`.\n\n${head}\n${rows.join('\n')}\n${also}`
  })
  return `# Settings

Every environment variable of every process, made from the schemas that read them: change a schema, then run \`npm run docs:settings\`. An empty
variable counts as unset. A process that finds a value outside its bounds ends at the start and names the variable. \`_MS\` are milliseconds.

${sections.join('\n')}`
}

function settingsOf(schema: z.ZodObject): (readonly [string, Setting])[] {
  return Object.entries((z.toJSONSchema(schema, { io: 'input' }) as { properties: Record<string, Setting> }).properties)
}

function rowOf(schema: z.ZodObject, name: string, setting: Setting): string {
  const field = schema.shape[name] as z.ZodType
  const unset = field.safeParse(undefined)
  const fallback = setting.default ?? (typeof unset.data === 'string' ? unset.data : '')
  const shown = fallback === '' ? (unset.success ? '' : 'required') : `\`${fallback}\``
  return `| \`${name}\` | ${valuesOf(setting)} | ${shown} | ${(setting.description ?? '').replaceAll('|', '\\|')} |`
}

function valuesOf({ type, enum: values, minimum, maximum }: Setting): string {
  if (values) return values.map((value) => `\`${value}\``).join(', ')
  return type === 'integer' ? `${minimum}–${maximum}` : 'text'
}
