/** An address other people gave us, if it is one of the web: never javascript: or data:. */
export function webUrl(url: string | null | undefined): string | undefined {
	return url && /^https?:\/\//i.test(url) ? url : undefined;
}
