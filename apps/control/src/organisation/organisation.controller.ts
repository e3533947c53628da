import { Body, Controller, Inject } from '@nestjs/common'
import { OrganisationChange, type OrganisationAnswer } from '@turnpike/contract'
import { changeOrganisation, readOrganisation } from '@turnpike/store'
import { Control } from '../control.ts'
import { parse } from '../parse.ts'
import { Get, Patch, Person } from '../routes.decorator.ts'

/** The organisation's own settings. */
@Controller('console/v1/organisation')
export class OrganisationController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get('organisation:read')
  async read(@Person() { tenantId: id }: Person): Promise<OrganisationAnswer> {
    return { data: { id, ...(await readOrganisation(this.control.prisma, id)) } }
  }

  @Patch('organisation:update')
  async change(@Body() body: unknown, @Person() person: Person): Promise<OrganisationAnswer> {
    const changing = changeOrganisation(this.control.prisma, person, parse(OrganisationChange, body))
    return { data: { id: person.tenantId, ...(await this.control.published(changing)) } }
  }
}
