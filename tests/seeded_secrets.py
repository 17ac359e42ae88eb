"""Made-up secrets of thirteen kinds, to be sown wherever one could get in."""

SECRETS = {
    "bot token": "xoxb-2424-aBcD3fGh",
    "user token": "xoxp-11-22-33-abcdef",
    "refresh token": "xoxe.xoxp-1-Mi0yLTAb",
    "app token": "xapp-1-A0123-456-abc",
    "Anthropic key": "sk-ant-api03-abcdefgh-IJK",
    "key of ours": "adk_Zm9vYmFyYmF6-quux_01234",
    "AWS key": "AKIAIOSFODNN7EXAMPLE",
    "GitHub token": "ghp_16C7e42F292c6912E7",
    "GitLab token": "glpat-abcdEFGH1234",
    "Google key": "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
    "JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN",
    "webhook": "https://hooks.slack.com/services/T0/B0/XXXXsecret",
    "socket ticket": "wss://wss-primary.slack.com/link/?ticket=12348&app_id=5678",
}
SOWN = " ".join(SECRETS.values())
