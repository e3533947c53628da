import { Fault } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { presetNamed } from './preset-name.ts'

const refusalOf = (body: unknown): string | undefined => {
  try {
    presetNamed(body)
  } catch (error) {
    if (error instanceof Fault && error.code === 'request_invalid') return error.facts.param
    throw error
  }
  return undefined
}

describe('a preset is named', () => {
  it.each([
    [{ model: '@preset/copy' }, { slug: 'copy', version: null, model: null, requestedModel: '@preset/copy' }],
    [{ model: '@preset/copy@3' }, { slug: 'copy', version: 3, model: null, requestedModel: '@preset/copy@3' }],
    [
      { model: 'a/b:floor@preset/copy' },
      { slug: 'copy', version: null, model: 'a/b:floor', requestedModel: 'a/b:floor@preset/copy' },
    ],
    [
      { model: 'a/b@preset/copy@12' },
      { slug: 'copy', version: 12, model: 'a/b', requestedModel: 'a/b@preset/copy@12' },
    ],
    [{ preset: 'copy' }, { slug: 'copy', version: null, model: null, requestedModel: '@preset/copy' }],
    [
      { preset: 'copy@2', model: 'a/b' },
      { slug: 'copy', version: 2, model: 'a/b', requestedModel: 'a/b' },
    ],
    [
      { preset: 'copy', models: ['a/b', 'c/d'] },
      { slug: 'copy', model: null, requestedModel: 'a/b' },
    ],
    [
      { preset: 'copy', model: 'a/b@preset/copy' },
      { slug: 'copy', model: 'a/b' },
    ],
    [
      { model: '@preset/copy', models: ['c/d'], preset: null },
      { slug: 'copy', model: null },
    ],
  ])('by %j', (body, named) => {
    expect(presetNamed(body)).toMatchObject(named)
  })

  it.each([[{}], [{ model: 'a/b' }], [{ model: 7 }], [{ model: 'a/b', models: ['c/d'], preset: null }], [undefined]])(
    'by none of %j',
    (body) => {
      expect(presetNamed(body)).toBeNull()
    },
  )

  it.each([
    [{ preset: 7 }, 'preset'],
    [{ preset: '' }, 'preset'],
    [{ preset: 'copy@0' }, 'preset'],
    [{ model: '@preset/' }, 'model'],
    [{ model: '@preset/copy@' }, 'model'],
    [{ model: '@preset/copy@latest' }, 'model'],
    [{ model: '@preset/copy@1.5' }, 'model'],
    [{ model: '@preset/copy@-1' }, 'model'],
    [{ model: '@preset/copy@99999' }, 'model'],
    [{ model: '@preset/copy@1@2' }, 'model'],
    [{ model: '@preset/copy', preset: 'other' }, 'preset'],
    [{ model: '@preset/copy@1', preset: 'copy' }, 'preset'],
    [{ model: 'a/b', models: ['@preset/copy'] }, 'models'],
  ])('wrongly by %j, which is refused at %s', (body, param) => {
    expect(refusalOf(body)).toBe(param)
  })
})
