/** What stands beside every price. */
export const priceLabel = 'incl. VAT';
