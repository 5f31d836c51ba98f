// What stands before a rule set of others: which bodies are read how, and what happens to those that cannot be read. In SecLang.

/** The name under which its rules appear. */
export const baseRulesName = 'portcullis-base.conf';

/** The text. Ids 1060001 to 1060099 are ours. */
export const baseRules = String.raw`
SecRequestBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json application/xml

SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application/(?:soap\+|[a-z0-9.-]+\+)?|text/)xml" \
    "id:1060001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+\+)?json" \
    "id:1060002,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"

SecRule REQBODY_ERROR "!@eq 0" \
    "id:1060003,phase:2,t:none,log,deny,status:400,msg:'The body cannot be read as what it says it is',logdata:'%{REQBODY_ERROR_MSG}',severity:CRITICAL"
SecRule MULTIPART_STRICT_ERROR "!@eq 0" \
    "id:1060004,phase:2,t:none,log,deny,status:400,msg:'The multipart body departs from RFC 7578: other readers may see other parts in it',severity:CRITICAL"
SecRule MULTIPART_UNMATCHED_BOUNDARY "@eq 1" \
    "id:1060005,phase:2,t:none,log,deny,status:400,msg:'The multipart body has a line that looks like a boundary and is none',severity:CRITICAL"
`;
