// Runs before anything of the page: keeps what the content security policy refused.
window.refused = [];
document.addEventListener('securitypolicyviolation', e => window.refused.push(e.violatedDirective + ' ' + e.blockedURI));
