export { PromoterWorkflow, State as PromoterState, type PromoterResources } from './promoter/promoter.ts'
export { readPage, type Page } from './promoter/page.ts'
