import { Link } from '@mui/material'
import type { ReactNode } from 'react'
import { Link as RouterLink } from 'react-router-dom'

interface RowLinkProps {
  readonly to: string
  /** Read out where the text is not enough. */
  readonly label?: string
  readonly children: ReactNode
}

/** The way of the keyboard to where a click on the row leads. */
export function RowLink({ to, label, children }: RowLinkProps) {
  return (
    <Link
      component={RouterLink}
      to={to}
      color="inherit"
      underline="hover"
      aria-label={label}
      onClick={(event) => event.stopPropagation()}
    >
      {children}
    </Link>
  )
}
