//! A service with 52 methods, and a client that calls them all: what a build of such a crate takes with nats-rpc.

use futures_util::stream;
use nats_rpc::{Connection, Request, Response, Server, Status, Streaming};

mod proto {
    nats_rpc::include_proto!("mixed.v1");
}
use proto::*;

/// Answers with what the type has as its default.
#[derive(Debug)]
struct Answers;

macro_rules! methods {
    (
        unary { $($unary:ident($unary_request:ident) -> $unary_response:ident;)* }
        server_streaming { $($server:ident($server_request:ident) -> $server_response:ident;)* }
        client_streaming { $($client:ident($client_request:ident) -> $client_response:ident;)* }
        bidi_streaming { $($bidi:ident($bidi_request:ident) -> $bidi_response:ident;)* }
    ) => {
        impl Mixed for Answers {
            $(async fn $unary(&self, _: Request<$unary_request>) -> Result<Response<$unary_response>, Status> {
                Ok(Response::new($unary_response::default()))
            })*
            $(async fn $server(&self, _: Request<$server_request>) -> Result<Response<Streaming<$server_response>>, Status> {
                Ok(Response::stream(stream::iter([Ok($server_response::default())])))
            })*
            $(async fn $client(&self, _: Request<Streaming<$client_request>>) -> Result<Response<$client_response>, Status> {
                Ok(Response::new($client_response::default()))
            })*
            $(async fn $bidi(&self, _: Request<Streaming<$bidi_request>>) -> Result<Response<Streaming<$bidi_response>>, Status> {
                Ok(Response::stream(stream::iter([Ok($bidi_response::default())])))
            })*
        }

        async fn call_all(client: MixedClient) -> Result<(), Status> {
            $(client.$unary($unary_request::default()).await?;)*
            $(client.$server($server_request::default()).await?.into_inner().message().await?;)*
            $(client.$client(stream::iter([$client_request::default()])).await?;)*
            $(client.$bidi().send_all(stream::iter([$bidi_request::default()])).await?.into_inner().message().await?;)*
            Ok(())
        }
    };
}

methods! {
    unary {
        get_account(GetAccountRequest) -> GetAccountResponse;
        get_address(GetAddressRequest) -> GetAddressResponse;
        get_alert(GetAlertRequest) -> GetAlertResponse;
        get_archive(GetArchiveRequest) -> GetArchiveResponse;
        get_asset(GetAssetRequest) -> GetAssetResponse;
        get_audit(GetAuditRequest) -> GetAuditResponse;
        get_badge(GetBadgeRequest) -> GetBadgeResponse;
        get_balance(GetBalanceRequest) -> GetBalanceResponse;
        get_bid(GetBidRequest) -> GetBidResponse;
        get_booking(GetBookingRequest) -> GetBookingResponse;
        get_budget(GetBudgetRequest) -> GetBudgetResponse;
        get_campaign(GetCampaignRequest) -> GetCampaignResponse;
        get_cart(GetCartRequest) -> GetCartResponse;
        get_catalog(GetCatalogRequest) -> GetCatalogResponse;
        get_channel(GetChannelRequest) -> GetChannelResponse;
        get_charge(GetChargeRequest) -> GetChargeResponse;
        get_city(GetCityRequest) -> GetCityResponse;
        get_claim(GetClaimRequest) -> GetClaimResponse;
        get_clan(GetClanRequest) -> GetClanResponse;
        get_coupon(GetCouponRequest) -> GetCouponResponse;
        get_credit(GetCreditRequest) -> GetCreditResponse;
        get_deal(GetDealRequest) -> GetDealResponse;
        get_device(GetDeviceRequest) -> GetDeviceResponse;
        get_draft(GetDraftRequest) -> GetDraftResponse;
        get_event(GetEventRequest) -> GetEventResponse;
        get_export(GetExportRequest) -> GetExportResponse;
        get_feed(GetFeedRequest) -> GetFeedResponse;
        get_fleet(GetFleetRequest) -> GetFleetResponse;
        get_folder(GetFolderRequest) -> GetFolderResponse;
        get_gift(GetGiftRequest) -> GetGiftResponse;
        get_guild(GetGuildRequest) -> GetGuildResponse;
        get_hero(GetHeroRequest) -> GetHeroResponse;
        get_image(GetImageRequest) -> GetImageResponse;
        get_import(GetImportRequest) -> GetImportResponse;
        get_invoice(GetInvoiceRequest) -> GetInvoiceResponse;
        get_item(GetItemRequest) -> GetItemResponse;
        get_key(GetKeyRequest) -> GetKeyResponse;
        get_label(GetLabelRequest) -> GetLabelResponse;
        get_league(GetLeagueRequest) -> GetLeagueResponse;
        get_ledger(GetLedgerRequest) -> GetLedgerResponse;
    }
    server_streaming {
        watch_level(WatchLevelRequest) -> WatchLevelResponse;
        watch_license(WatchLicenseRequest) -> WatchLicenseResponse;
        watch_lobby(WatchLobbyRequest) -> WatchLobbyResponse;
        watch_match(WatchMatchRequest) -> WatchMatchResponse;
        watch_member(WatchMemberRequest) -> WatchMemberResponse;
    }
    client_streaming {
        upload_message(UploadMessageRequest) -> UploadMessageResponse;
        upload_mission(UploadMissionRequest) -> UploadMissionResponse;
        upload_note(UploadNoteRequest) -> UploadNoteResponse;
        upload_offer(UploadOfferRequest) -> UploadOfferResponse;
    }
    bidi_streaming {
        sync_order(SyncOrderRequest) -> SyncOrderResponse;
        sync_party(SyncPartyRequest) -> SyncPartyResponse;
        sync_player(SyncPlayerRequest) -> SyncPlayerResponse;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "nats://localhost:4222".to_owned());
    let connection = Connection::connect(&url).await?;
    let server = Server::builder().add_service(MixedServer::new(Answers)).start(connection).await?;
    call_all(MixedClient::connect(&url).await?).await?;
    server.shutdown().await;
    Ok(())
}
