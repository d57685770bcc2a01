// A browser without script: cookies, redirects and plain HTML forms, as an app's bare web view has them.

export class Visitor {
	#cookies = new Map();

	/** Follows redirects while they stay on the server; stops at the first that leaves it. */
	async open(url, init = {}) {
		for (let hops = 0; hops < 10; hops++) {
			const response = await fetch(url, {
				...init,
				redirect: 'manual',
				headers: { ...init.headers, accept: 'text/html', cookie: this.#header() },
			});
			this.#remember(response);
			const page = new Page(this, url, response, await response.text());
			const location = response.headers.get('location');
			if (!location) return page;
			const next = new URL(location, url);
			if (next.origin !== new URL(url).origin) return Object.assign(page, { leftFor: next });
			url = next.href;
			init = response.status === 307 || response.status === 308 ? init : {};
		}
		throw new Error('redirected ten times');
	}

	#header = () => [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');

	#remember(response) {
		for (const line of response.headers.getSetCookie()) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
			if (/;\s*max-age=(0|-)/i.test(line) || value === '') this.#cookies.delete(name);
			else this.#cookies.set(name, value);
		}
	}
}

class Page {
	/** Where the last redirect leads, when it leads away from the server. */
	leftFor = null;

	constructor(visitor, url, response, html) {
		Object.assign(this, { visitor, url, html, status: response.status, headers: response.headers });
	}

	/** What a person would read. */
	get text() {
		return decode(this.html.replace(/<(style|script|head)\b.*?<\/\1>/gis, '').replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ');
	}

	/** Every form: its address, method, fields with their present values, and buttons. */
	get forms() {
		return [...this.html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, tag, inside]) => {
			const form = { action: attribute(tag, 'action') ?? this.url, method: attribute(tag, 'method') ?? 'get', fields: {}, buttons: [] };
			for (const [, kind, words] of inside.matchAll(/<(input|button|textarea|select)\b([^>]*)>/gi)) {
				const field = { name: attribute(words, 'name'), value: attribute(words, 'value') ?? '', type: attribute(words, 'type') ?? '' };
				if (kind.toLowerCase() === 'button' || field.type === 'submit') form.buttons.push(field);
				else if (field.type === 'checkbox' || field.type === 'radio') {
					if (/\bchecked\b/i.test(words)) form.fields[field.name] = field.value || 'on';
				} else if (field.name) form.fields[field.name] = field.value;
			}
			return form;
		});
	}

	/** The one form that has all of these fields (by name). */
	form(...names) {
		const found = this.forms.find((form) => names.every((name) => name in form.fields));
		if (!found) throw new Error(`no form with ${names.join(', ')} at ${this.url} (${this.status}): ${this.text.slice(0, 400)}`);
		return found;
	}

	/** Fills a form in and sends it, pressing the given button if it matters. */
	send(form, values = {}, button = form.buttons[0]) {
		const body = new URLSearchParams({ ...form.fields, ...values });
		if (button?.name) body.set(button.name, button.value);
		const address = new URL(form.action, this.url);
		if (form.method.toLowerCase() === 'get') return this.visitor.open(`${address.origin}${address.pathname}?${body}`);
		return this.visitor.open(address.href, { method: 'POST', body, headers: { origin: address.origin } });
	}
}

function attribute(tag, name) {
	const found = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag);
	return found ? decode(found[1] ?? found[2] ?? found[3]) : null;
}

function decode(text) {
	const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };
	return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
		hex ? String.fromCodePoint(parseInt(hex, 16)) : decimal ? String.fromCodePoint(decimal) : (named[name] ?? whole),
	);
}
