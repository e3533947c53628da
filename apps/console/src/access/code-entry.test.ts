import { expect, it } from 'vitest'
import { erased, typed } from './code-entry.ts'

it('moves on with every digit and stays in the last box', () => {
  expect(typed('', 0, '4')).toEqual({ code: '4', focus: 1 })
  expect(typed('44076', 5, '5')).toEqual({ code: '440765', focus: 5 })
})

it('takes a pasted code as people copy it, with spaces and all', () => {
  expect(typed('', 0, ' 440 765\n')).toEqual({ code: '440765', focus: 5 })
  expect(typed('', 0, '440-765-999')).toEqual({ code: '440765', focus: 5 })
})

it('leaves no hole when a later box is typed into', () => {
  expect(typed('1', 4, '2')).toEqual({ code: '12', focus: 2 })
})

it('writes over the digit of the box', () => {
  expect(typed('123', 1, '9')).toEqual({ code: '193', focus: 2 })
})

it('ignores what is not a digit', () => {
  expect(typed('12', 2, 'x')).toEqual({ code: '12', focus: 2 })
})

it('deletes backwards to the first box and no further', () => {
  expect(erased('123', 5)).toEqual({ code: '12', focus: 2 })
  expect(erased('1', 1)).toEqual({ code: '', focus: 0 })
  expect(erased('', 0)).toEqual({ code: '', focus: 0 })
})
