import { Typography } from '@mui/material'
import { useEffect, useEffectEvent, useRef, type ReactNode } from 'react'
import { NavigationType, useLocation, useNavigationType } from 'react-router-dom'
import { givesUpFocus } from './focus.ts'

/** Whether a page was shown since the document was loaded. The browser itself places the focus for the first one. */
let isLoaded = false

interface PageHeadingProps {
  /** How it looks; it is the page's first heading in any case. */
  readonly variant?: 'h1' | 'h2'
  readonly children: ReactNode
}

/** The heading of a page. It takes the focus after a navigation: what had it went away with the page before. */
export function PageHeading({ variant = 'h1', children }: PageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { pathname } = useLocation()
  const navigation = useNavigationType()
  const takeFocus = useEffectEvent(() => {
    const isFirst = !isLoaded
    isLoaded = true
    // After going back, the browser returns to where the reader had scrolled.
    const preventScroll = navigation === NavigationType.Pop
    if (!isFirst && givesUpFocus(document.activeElement)) heading.current?.focus({ preventScroll })
  })
  useEffect(() => takeFocus(), [pathname])
  return (
    <Typography
      ref={heading}
      variant={variant}
      component="h1"
      tabIndex={-1}
      // Scrolled to, it must not be under the bar of a phone.
      sx={{ scrollMarginTop: '88px', '&:focus': { outline: 'none' } }}
    >
      {children}
    </Typography>
  )
}
