import { expect, it } from 'vitest'
import { stretchesOf } from './week.ts'

it('stays within a day when it ends after it begins', () => {
  expect(stretchesOf({ days: ['tue'], from: '08:00', to: '18:30' })).toEqual([{ day: 1, from: 480, to: 1_110 }])
})

it('runs on into the next day, from Sunday into Monday', () => {
  expect(stretchesOf({ days: ['sun'], from: '22:00', to: '06:00' })).toEqual([
    { day: 6, from: 1_320, to: 1_440 },
    { day: 0, from: 0, to: 360 },
  ])
})

it('is a whole day, to the same minute of the next, when it ends as it begins', () => {
  expect(stretchesOf({ days: ['mon'], from: '00:00', to: '00:00' })).toEqual([{ day: 0, from: 0, to: 1_440 }])
  expect(stretchesOf({ days: ['mon'], from: '09:00', to: '09:00' })).toHaveLength(2)
})

it('shows nothing while times or days are half typed', () => {
  expect(stretchesOf({ days: ['mon'], from: '25:00', to: '06:00' })).toEqual([])
  expect(stretchesOf({ days: ['someday'], from: '01:00', to: '06:00' })).toEqual([])
  expect(stretchesOf('22 to 6')).toEqual([])
})
